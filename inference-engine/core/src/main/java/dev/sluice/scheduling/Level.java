// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one priority, a lane for each tenant that has some: the turn is of the tenant that was served the fewest rows.
 *
 * <p><b>Threads:</b> guarded by the queue's formation lock.
 */
final class Level {
    /** No least age: also of requests that the clock says are yet to come. */
    static final long ANY_AGE = Long.MIN_VALUE;

    private final int index;
    private final Map<String, Lane> byTenant = new HashMap<>();

    /** Those of {@link #byTenant}, in the order the tenants came. */
    private final List<Lane> lanes = new ArrayList<>();

    /** Rows that the tenant whose turn it was last had been served: where a tenant that comes starts to count. */
    private long account;

    Level(int index) {
        this.index = index;
    }

    int index() {
        return index;
    }

    void add(PendingRequest request) {
        Lane lane = byTenant.get(request.tenant());
        if (lane == null) {
            lane = new Lane(request.tenant(), account);
            byTenant.put(request.tenant(), lane);
            lanes.add(lane);
        } else if (lane.head() == null) {
            lane.reopen(account);
        }
        lane.add(request);
    }

    /** The lanes in which something waits, and one in which nothing may wait: most models have one tenant, which comes again. */
    List<Lane> lanes() {
        for (int i = lanes.size() - 1; i >= 0 && lanes.size() > 1; i--) {
            if (lanes.get(i).head() == null) {
                byTenant.remove(lanes.remove(i).tenant());
            }
        }
        return lanes;
    }

    /** The oldest that waits; null if none does. */
    @Nullable
    PendingRequest oldest() {
        PendingRequest oldest = null;
        List<Lane> all = lanes();
        for (int i = 0; i < all.size(); i++) {
            PendingRequest head = all.get(i).head();
            if (head != null && (oldest == null || head.submittedNanos() - oldest.submittedNanos() < 0)) {
                oldest = head;
            }
        }
        return oldest;
    }

    /**
     * The oldest request of the tenant whose turn it is.
     *
     * @param leastAgeNanos only tenants with a request of that age count
     */
    @Nullable
    PendingRequest turn(long leastAgeNanos, long nowNanos) {
        Lane fewest = null;
        PendingRequest turn = null;
        List<Lane> all = lanes();
        for (int i = 0; i < all.size(); i++) {
            Lane lane = all.get(i);
            PendingRequest head = lane.head();
            if (head != null
                    && nowNanos - head.submittedNanos() >= leastAgeNanos
                    && (fewest == null || lane.served() < fewest.served())) {
                fewest = lane;
                turn = head;
            }
        }
        return turn;
    }

    /**
     * The lane that may add one more request of {@code key} to a batch: of those that have one the one served the fewest rows,
     * unless it is more than {@code quantum} rows ahead of a tenant that waits.
     */
    @Nullable
    Lane nextWith(ShapeKey key, long quantum) {
        Lane next = null;
        long fewest = Long.MAX_VALUE;
        for (Lane lane : lanes()) {
            fewest = Math.min(fewest, lane.served());
            if ((next == null || lane.served() < next.served()) && lane.head(key) != null) {
                next = lane;
            }
        }
        return next != null && next.served() - fewest <= quantum ? next : null;
    }

    /** Counts a request that was taken into a batch. */
    void charge(PendingRequest taken, boolean wasItsTurn) {
        Lane lane = byTenant.get(taken.tenant());
        if (lane != null) {
            if (wasItsTurn) {
                account = Math.max(account, lane.served());
            }
            lane.charge(taken.rows());
        }
    }

    int nodes() {
        int nodes = 0;
        for (Lane lane : lanes) {
            nodes += lane.nodes();
        }
        return nodes;
    }

    void compact() {
        lanes.forEach(Lane::compact);
    }
}
