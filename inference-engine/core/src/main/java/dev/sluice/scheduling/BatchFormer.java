// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.RequestContext;
import dev.sluice.inference.Ticker;
import dev.sluice.model.AllowedSizes;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes batches of those that wait, as the policy decides.
 *
 * <p><b>Threads:</b> guarded by the queue's formation lock, but for {@link #isWorthWaking}, which is safe from any thread.
 */
final class BatchFormer {
    private final BatchPolicy policy;
    private final ServiceTimes times;
    private final AllowedSizes sizes;
    private final Ticker ticker;
    private final WaitingRequests waiting;

    /** Written under the formation lock: while a taker waits for company, the rows that would end that; else 0. */
    private volatile long rowsWorthWaking;

    /** Written under the formation lock: while a taker waits for company, deadlines before this cannot wait as long. */
    private volatile long deadlineWorthWaking;

    BatchFormer(BatchPolicy policy, ServiceTimes times, AllowedSizes sizes, Ticker ticker, WaitingRequests waiting) {
        this.policy = policy;
        this.times = times;
        this.sizes = sizes;
        this.ticker = ticker;
        this.waiting = waiting;
    }

    /** A batch, whose requests it has claimed, or when to look again. Requests past their deadline leave into {@code expired}. */
    Formation form(List<PendingRequest> expired) {
        while (true) {
            long now = ticker.nanos();
            PendingRequest due = waiting.due(now);
            if (due == null) {
                rowsWorthWaking = 0;
                return new Formation.Sleep(TimerWheel.NEVER);
            }
            BatchPolicy.QueueFacts facts = waiting.facts(due, times, false, now);
            BatchPolicy.Decision decision = policy.decide(facts, now);
            if (decision instanceof BatchPolicy.Decision.WaitUntil) {
                facts = waiting.facts(due, times, true, now);
                decision = policy.decide(facts, now);
            }
            if (decision instanceof BatchPolicy.Decision.WaitUntil wait) {
                rowsWorthWaking = policy.fullRows();
                deadlineWorthWaking = wait.nanos() + times.estimateNanos(policy.maxRows()) + TimerWheel.TICK_NANOS;
                return new Formation.Sleep(wait.nanos());
            }
            int size = Math.min(((BatchPolicy.Decision.Close) decision).size(), policy.maxRows());
            // What the one that is due is padded with is free.
            int most = Math.max(size, sizes.holding(due.rows()));
            BatchFill fill = new BatchFill(sizes, times, most, facts.waiting(), now);
            List<PendingRequest> batch = waiting.claim(due, fill, expired);
            if (!batch.isEmpty()) {
                return formed(batch, facts, now);
            }
        }
    }

    private Formation.Formed formed(List<PendingRequest> batch, BatchPolicy.QueueFacts facts, long nowNanos) {
        int rows = 0;
        for (PendingRequest member : batch) {
            rows += member.rows();
        }
        // Whoever waits for company from now on is another: those that sleep are to be woken for any request.
        rowsWorthWaking = 0;
        return new Formation.Formed(batch, rows, sizes.holding(rows), reason(rows, facts, nowNanos));
    }

    private CloseReason reason(int rows, BatchPolicy.QueueFacts facts, long nowNanos) {
        if (rows >= policy.fullRows()) {
            return CloseReason.FULL;
        }
        if (facts.hasWaitedForInstance()) {
            return CloseReason.BUSY;
        }
        return facts.mustStart(nowNanos) ? CloseReason.DEADLINE : CloseReason.WINDOW;
    }

    /** Claims at most {@code most} of those that are due, whatever their shapes. */
    List<PendingRequest> take(int most, List<PendingRequest> expired) {
        List<PendingRequest> taken = new ArrayList<>();
        long now = ticker.nanos();
        PendingRequest due = waiting.due(now);
        while (due != null && taken.size() < most) {
            BatchFill alone = new BatchFill(AllowedSizes.ANY, times, due.rows(), due.rows(), now);
            taken.addAll(waiting.claim(due, alone, expired));
            due = waiting.due(now);
        }
        return taken;
    }

    /** Whether a sleeping taker is to be woken for {@code added}, with {@code rows} waiting now. */
    boolean isWorthWaking(PendingRequest added, long rows) {
        long deadline = added.untilNanos();
        boolean cannotWait = deadline != RequestContext.NO_DEADLINE && deadline - deadlineWorthWaking < 0;
        return cannotWait || rows >= rowsWorthWaking;
    }
}
