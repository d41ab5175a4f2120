// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.RequestContext;
import dev.sluice.model.AllowedSizes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The order in which waiting requests get their turn: by level, a level higher for each time that ageing has passed; within a
 * level by tenant, fairly; within a tenant as they came. Who is due chooses the shape, and those alike join it in the same order.
 *
 * <p><b>Threads:</b> guarded by the queue's formation lock. Requests leave QUEUED at any time from other threads, which is seen
 * when they are come across.
 */
final class WaitingRequests {
    private final List<Level> levels = new ArrayList<>();
    private final long ageingNanos;
    private final int maxRows;
    private final AllowedSizes sizes;
    private final ArrivalRate arrivals = new ArrivalRate();

    /**
     * @param maxRows most rows of a batch, by which tenants may differ in what they were served
     * @param sizes what batches are padded to
     */
    WaitingRequests(int levelCount, long ageingNanos, int maxRows, AllowedSizes sizes) {
        for (int i = 0; i < levelCount; i++) {
            levels.add(new Level(i));
        }
        this.ageingNanos = ageingNanos;
        this.maxRows = maxRows;
        this.sizes = sizes;
    }

    void add(PendingRequest request) {
        levels.get(request.traits().level()).add(request);
        arrivals.add(request.rows(), request.submittedNanos());
    }

    /** The request whose turn it is; null if none waits. */
    @Nullable
    PendingRequest due(long nowNanos) {
        Level best = null;
        PendingRequest bestOldest = null;
        int bestRank = Integer.MAX_VALUE;
        for (Level level : levels) {
            PendingRequest oldest = level.oldest();
            if (oldest == null) {
                continue;
            }
            int rank = rank(oldest, nowNanos);
            boolean isTieForOlder = rank == bestRank && isOlder(oldest, bestOldest);
            if (rank < bestRank || isTieForOlder) {
                best = level;
                bestOldest = oldest;
                bestRank = rank;
            }
        }
        if (best == null) {
            return null;
        }
        // In a level that is here by the age of some requests, only those have the turn.
        int risen = best.index() - bestRank;
        return best.turn(risen == 0 ? Level.ANY_AGE : risen * ageingNanos, nowNanos);
    }

    private static boolean isOlder(PendingRequest one, @Nullable PendingRequest other) {
        return other != null && one.submittedNanos() - other.submittedNanos() < 0;
    }

    /** The level {@code request} counts as. */
    private int rank(PendingRequest request, long nowNanos) {
        int level = request.traits().level();
        return level == 0 ? 0 : (int) Math.max(0, level - (nowNanos - request.submittedNanos()) / ageingNanos);
    }

    /**
     * What a policy may know about those that may run with {@code due}. Their time runs from the oldest of all that wait, so that
     * nobody's wait for company begins anew with each request that is due before it.
     *
     * @param times how long batches take
     * @param ofAll whether deadlines of requests of other shapes count, too: while an instance waits for company, they wait as well
     */
    BatchPolicy.QueueFacts facts(PendingRequest due, ServiceTimes times, boolean ofAll, long nowNanos) {
        PendingRequest oldest = due;
        long rows = 0;
        long deadline = RequestContext.NO_DEADLINE;
        for (Level level : levels) {
            for (Lane lane : level.lanes()) {
                PendingRequest head = lane.head();
                oldest = head != null && isOlder(head, oldest) ? head : oldest;
                for (PendingRequest each : ofAll ? lane.all() : lane.alike(due.key())) {
                    if (rows >= maxRows) {
                        break;
                    }
                    if (each.isQueued()) {
                        rows += each.key().equals(due.key()) ? each.rows() : 0;
                        deadline = earlier(deadline, each.untilNanos());
                    }
                }
            }
        }
        int counted = (int) Math.max(1, Math.min(rows, maxRows));
        return new BatchPolicy.QueueFacts(
                counted,
                oldest.submittedNanos(),
                due.traits().hasWaitedForInstance() || oldest.traits().hasWaitedForInstance(),
                startBy(deadline, times.estimateNanos(sizes.holding(counted))),
                arrivals.perNano(nowNanos));
    }

    private static long earlier(long one, long other) {
        if (one == RequestContext.NO_DEADLINE || other == RequestContext.NO_DEADLINE) {
            return one == RequestContext.NO_DEADLINE ? other : one;
        }
        return other - one < 0 ? other : one;
    }

    /** A tick of the timer early, since that is how exactly deadlines are kept. */
    private static long startBy(long deadline, long computeNanos) {
        return deadline == RequestContext.NO_DEADLINE
                ? RequestContext.NO_DEADLINE
                : deadline - computeNanos - TimerWheel.TICK_NANOS;
    }

    /**
     * Claims {@code due} and those that may run with it, as many as {@code fill} says; empty if it has ended meanwhile. Requests
     * that are past their deadline leave the queue into {@code expired}, to be answered when the lock is free.
     */
    List<PendingRequest> claim(PendingRequest due, BatchFill fill, List<PendingRequest> expired) {
        List<PendingRequest> batch = new ArrayList<>();
        if (!claimOne(due, true, fill.nowNanos(), batch, expired)) {
            return batch;
        }
        int rows = due.rows();
        for (Level level : levels) {
            Lane lane;
            while (rows < fill.most() && (lane = level.nextWith(due.key(), maxRows)) != null) {
                PendingRequest next = lane.head(due.key());
                if (next == null) {
                    continue;
                }
                boolean isTooLarge = rows + next.rows() > fill.most();
                if (isTooLarge || (fill.isBestAt(rows, next.rows()) && allCanWait(due.key(), fill, rows))) {
                    // Nobody overtakes it into this batch.
                    return batch;
                }
                if (claimOne(next, false, fill.nowNanos(), batch, expired)) {
                    rows += next.rows();
                }
            }
        }
        return batch;
    }

    /** Whether those of {@code key} that still wait have the time to wait for a batch of {@code rows} rows. */
    private boolean allCanWait(ShapeKey key, BatchFill fill, int rows) {
        for (Level level : levels) {
            for (Lane lane : level.lanes()) {
                for (PendingRequest each : lane.alike(key)) {
                    if (each.isQueued() && !fill.canWait(each, rows)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private boolean claimOne(
            PendingRequest request,
            boolean wasItsTurn,
            long nowNanos,
            List<PendingRequest> batch,
            List<PendingRequest> expired) {
        if (request.isPast(nowNanos)) {
            if (request.leaveExpired()) {
                expired.add(request);
            }
            return false;
        }
        if (!request.claim()) {
            return false;
        }
        batch.add(request);
        levels.get(request.traits().level()).charge(request, wasItsTurn);
        return true;
    }

    /** Everything that waits, in no order. */
    List<PendingRequest> all() {
        List<PendingRequest> all = new ArrayList<>();
        for (Level level : levels) {
            for (Lane lane : level.lanes()) {
                lane.all().forEach(all::add);
            }
        }
        return all;
    }

    /** Requests it holds, waiting or not. */
    int nodes() {
        int nodes = 0;
        for (Level level : levels) {
            nodes += level.nodes();
        }
        return nodes;
    }

    /** Drops those that do not wait any more if they are more than the {@code live} ones. */
    void compact(int live) {
        if (nodes() > 2 * live + 64) {
            levels.forEach(Level::compact);
        }
    }
}
