// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.model.PrioritySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts in the requests that come, as what will wait and run, or refuses them: one for each, or several parts of one that is larger than
 * a batch.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Errors:</b> the refusals of {@link RequestScheduler#submit}; then nothing has been counted, and nothing is owned.
 */
final class Reception {
    private final RequestQueue.Settings settings;
    private final int maxRows;
    private final Admission admission;
    private final Refusals refusals;
    private final PendingRequest.Owner owner;

    Reception(
            RequestQueue.Settings settings,
            int maxRows,
            Admission admission,
            Refusals refusals,
            PendingRequest.Owner owner) {
        this.settings = settings;
        this.maxRows = maxRows;
        this.admission = admission;
        this.refusals = refusals;
        this.owner = owner;
    }

    /** Whether {@code request} is to come in {@link #parts}. */
    boolean isSplit(InferenceRequest request) {
        return settings.splits() && ShapeKey.rowsOf(request) > maxRows;
    }

    /** A request, counted in. */
    PendingRequest whole(InferenceRequest request, ResponseSink sink, Arrival arrival) {
        PendingRequest pending =
                new PendingRequest(owner, arrival.follower(), request, sink, arrival.nanos(), traits(request, arrival));
        if (!admission.tryEnter(pending.rows(), pending.traits().bytes())) {
            throw refusals.overloaded(arrival.instances());
        }
        return pending;
    }

    /** The parts of a request, all of them counted in. */
    List<PendingRequest> parts(InferenceRequest request, ResponseSink sink, Arrival arrival) {
        int rows = ShapeKey.rowsOf(request);
        QueueBounds bounds = admission.bounds();
        long most = Math.min(bounds.rows(), (long) bounds.requests() * maxRows);
        if (rows > most) {
            // Nor would it fit into an empty queue later.
            throw refusals.neverFits(rows, most);
        }
        SplitRequest split = new SplitRequest(request, rows, maxRows, sink);
        List<PendingRequest> parts = new ArrayList<>();
        PendingRequest.Follower ofParts = ofAll(split.parts().size(), arrival.follower());
        long bytes = 0;
        for (InferenceRequest part : split.parts()) {
            PendingRequest.Traits traits = traits(part, arrival);
            parts.add(new PendingRequest(owner, ofParts, part, split.sink(parts.size()), arrival.nanos(), traits));
            bytes += traits.bytes();
        }
        if (!admission.tryEnter(parts.size(), rows, bytes)) {
            split.discard();
            throw refusals.overloaded(arrival.instances());
        }
        split.start();
        return parts;
    }

    /** Hears of {@code count} parts, and tells {@code follower} when the last is over. */
    private static PendingRequest.Follower ofAll(int count, PendingRequest.Follower follower) {
        if (follower == PendingRequest.Follower.NONE) {
            return follower;
        }
        AtomicInteger left = new AtomicInteger(count);
        return new PendingRequest.Follower() {
            @Override
            public void over() {
                if (left.decrementAndGet() == 0) {
                    follower.over();
                }
            }
        };
    }

    private PendingRequest.Traits traits(InferenceRequest request, Arrival arrival) {
        boolean isAlone = maxRows == 1 && settings.sizes().isAny() && !settings.splits();
        int rows = isAlone ? 1 : ShapeKey.rowsOf(request);
        if (rows > maxRows) {
            throw refusals.tooManyRows(rows, maxRows);
        }
        return new PendingRequest.Traits(
                rows,
                ShapeKey.bytesOf(request),
                ShapeKey.of(request),
                level(request.context()),
                arrival.areAllBusy(),
                untilNanos(request.context(), arrival));
    }

    /** The earlier of the request's deadline and the queue's. */
    private long untilNanos(RequestContext context, Arrival arrival) {
        long deadline = context.deadlineNanos();
        if (settings.timeoutNanos() == RequestQueue.ANY_TIME) {
            return deadline;
        }
        long latest = arrival.nanos() + settings.timeoutNanos();
        return deadline != RequestContext.NO_DEADLINE && deadline - latest < 0 ? deadline : latest;
    }

    private int level(RequestContext context) {
        PrioritySpec priorities = settings.priorities();
        return context.priority() == RequestContext.DEFAULT_PRIORITY
                ? priorities.defaultLevel() - 1
                : Math.min(context.priority(), priorities.levels()) - 1;
    }

    /**
     * What a request finds when it comes.
     *
     * @param nanos when that is
     * @param instances how many take batches
     * @param areAllBusy whether all of those run one
     * @param follower hears of it
     */
    record Arrival(long nanos, int instances, boolean areAllBusy, PendingRequest.Follower follower) {}
}
