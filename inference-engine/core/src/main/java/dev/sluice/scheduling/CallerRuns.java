// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.LoadedModel;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Which requests may run on the thread that submits them, when nothing else waits and an instance is at rest: waking another thread
 * would take longer than their whole call. The model has to say that its calls only compute, and the recent calls of requests like
 * this one, run alone, must all have been very short. One longer call, or one that failed, ends that until enough short ones were seen.
 *
 * <p>Alike are requests of one {@link ShapeKey}, with as many rows, and about as many bytes: content has no shape.
 *
 * <p><b>Threads:</b> safe from any thread, without locks; a measurement lost to a race is made good by the next.
 */
final class CallerRuns {
    /** No request may run on its caller's thread. */
    static final CallerRuns NEVER = new CallerRuns(false);

    /** Longest that a call may take on the thread that submits. */
    static final long LONGEST_NANOS = 50_000;

    /** What a call of an unknown kind is taken to last: forgotten after 47 short calls. */
    private static final long UNKNOWN_NANOS = 20 * LONGEST_NANOS;

    /** The share of the longest call that each later one takes away. */
    private static final int FORGETTING = 16;

    /** Kinds remembered; others are as if never seen. */
    private static final int KINDS = 64;

    private final boolean isComputeOnly;
    private final AtomicReferenceArray<@Nullable Kind> kinds = new AtomicReferenceArray<>(KINDS);

    private CallerRuns(boolean isComputeOnly) {
        this.isComputeOnly = isComputeOnly;
    }

    static CallerRuns of(LoadedModel model) {
        return model.isComputeOnly() ? new CallerRuns(true) : NEVER;
    }

    boolean mayRun(PendingRequest request) {
        if (!isComputeOnly) {
            return false;
        }
        Kind kind = kinds.get(index(request));
        return kind != null && kind.isOf(request) && kind.longestNanos <= LONGEST_NANOS;
    }

    /** {@code request} ran alone, and took that long. */
    void ran(PendingRequest request, long nanos) {
        if (!isComputeOnly) {
            return;
        }
        int index = index(request);
        Kind kind = kinds.get(index);
        if (kind == null || !kind.isOf(request)) {
            kind = new Kind(request);
            kinds.set(index, kind);
        }
        long longest = kind.longestNanos;
        kind.longestNanos = Math.max(nanos, longest - longest / FORGETTING);
    }

    /** {@code request} ran alone, and failed: what that costs says nothing. */
    void failed(PendingRequest request) {
        ran(request, UNKNOWN_NANOS);
    }

    private static int index(PendingRequest request) {
        int hash = 31 * (31 * request.key().hashCode() + request.rows()) + magnitude(request);
        return (hash ^ (hash >>> 16)) & (KINDS - 1);
    }

    private static int magnitude(PendingRequest request) {
        return Long.SIZE - Long.numberOfLeadingZeros(request.traits().bytes());
    }

    /** Requests that should take about the same. */
    private static final class Kind {
        private final ShapeKey key;
        private final int rows;
        private final int magnitude;

        /** Written by whoever ran one: the longest recent call. */
        private volatile long longestNanos = UNKNOWN_NANOS;

        private Kind(PendingRequest first) {
            this.key = first.key();
            this.rows = first.rows();
            this.magnitude = magnitude(first);
        }

        private boolean isOf(PendingRequest request) {
            return rows == request.rows() && magnitude == magnitude(request) && key.equals(request.key());
        }
    }
}
