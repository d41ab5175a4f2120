// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The bounded queue of one model version. Requests leave it in batches, which a free instance forms at the last moment, or by
 * their deadline, their caller's leaving, or eviction, each at once and whatever the instances do.
 *
 * <p><b>Threads:</b> safe from any thread. {@link #submit}, and requests that end, take no lock that is held for long: they only
 * read whether an instance sleeps, and wake it. Free instances form their batches one after another, under the formation lock, and
 * sleep outside of it. A taker that falls asleep says so first and looks for new requests second; a submitter adds its request
 * first and looks for sleepers second: one of them sees the other.
 */
final class RequestQueue implements PendingRequest.Owner {
    private final Settings settings;
    private final BatchPolicy policy;
    private final ServiceTimes times;
    private final TimerWheel timers;
    private final Ticker ticker;
    private final Runnable onSecondAnswer;
    private final Admission admission;
    private final Intake intake = new Intake();
    private final IdleTakers idle = new IdleTakers();
    private final ReentrantLock formation = new ReentrantLock();

    /** Requests that ended in the queue and may still be linked to from it. */
    private final AtomicInteger endedUnseen = new AtomicInteger();

    /** Guarded by {@link #formation}. */
    private final WaitingRequests waiting;

    /** Changed under {@link #formation}: takers there are. */
    private final AtomicInteger members = new AtomicInteger();

    /** Changed under {@link #formation}: those of them that run a batch. */
    private final AtomicInteger busy = new AtomicInteger();

    /** Written under {@link #formation}: while a taker waits for company, the rows that would end that; else 0. */
    private volatile long rowsWorthWaking;

    /** Written under {@link #formation}: while a taker waits for company, deadlines before this cannot wait as long. */
    private volatile long deadlineWorthWaking;

    /** Written by who closes or suspends: why nothing is taken now; null while the queue is open. */
    private volatile @Nullable ServingException closedBecause;

    /**
     * The bounds and levels of a queue.
     *
     * @param name of the model, for messages
     */
    record Settings(String name, QueueBounds bounds, PrioritySpec priorities) {}

    RequestQueue(
            Settings settings,
            BatchPolicy policy,
            ServiceTimes times,
            TimerWheel timers,
            Ticker ticker,
            Runnable onSecondAnswer) {
        this.settings = settings;
        this.policy = policy;
        this.times = times;
        this.timers = timers;
        this.ticker = ticker;
        this.onSecondAnswer = onSecondAnswer;
        this.admission = new Admission(settings.bounds());
        PrioritySpec priorities = settings.priorities();
        this.waiting =
                new WaitingRequests(priorities.levels(), priorities.ageing().toNanos(), policy.maxRows());
    }

    /**
     * Takes a request, or refuses it.
     *
     * @throws ServingException {@code OVERLOADED}, {@code INVALID_INPUT} if it has more rows than a batch may, {@code
     *     DEADLINE_EXCEEDED}, or what the queue was closed with; then nothing has happened
     */
    void submit(InferenceRequest request, ResponseSink sink) {
        ServingException closed = closedBecause;
        if (closed != null) {
            throw closed;
        }
        long now = ticker.nanos();
        if (request.context().isExpired(now)) {
            throw new ServingException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "The deadline had passed when the request for model " + settings.name() + " came");
        }
        PendingRequest pending = new PendingRequest(this, request, sink, now, traits(request));
        if (!admission.tryEnter(pending.rows(), pending.traits().bytes())) {
            throw overloaded();
        }
        enqueue(pending);
    }

    private PendingRequest.Traits traits(InferenceRequest request) {
        boolean isAlone = policy.maxRows() == 1;
        int rows = isAlone ? 1 : ShapeKey.rowsOf(request);
        if (rows > policy.maxRows()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "rows: " + rows + " (expected: 1.." + policy.maxRows() + ", the batch size of model \""
                            + settings.name() + "\")");
        }
        return new PendingRequest.Traits(
                rows, ShapeKey.bytesOf(request), ShapeKey.of(request), level(request.context()), areAllBusy());
    }

    private boolean areAllBusy() {
        int all = members.get();
        return all > 0 && busy.get() >= all;
    }

    private int level(RequestContext context) {
        PrioritySpec priorities = settings.priorities();
        return context.priority() == RequestContext.DEFAULT_PRIORITY
                ? priorities.defaultLevel() - 1
                : Math.min(context.priority(), priorities.levels()) - 1;
    }

    private ServingException overloaded() {
        long drainNanos = times.drainNanos(admission.rows(), members.get());
        long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(drainNanos + 999_999_999));
        QueueBounds bounds = admission.bounds();
        int requests = admission.requests();
        // The bound that was met; another thread may have made room again meanwhile.
        String held = requests >= bounds.requests()
                ? requests + " requests of at most " + bounds.requests()
                : admission.rows() + " rows of at most " + bounds.rows() + " and " + admission.bytes()
                        + " bytes of at most " + bounds.bytes();
        return new ServingException(
                ErrorCode.OVERLOADED,
                "Model \"" + settings.name() + "\" is overloaded: its queue holds " + held + ". Retry later.",
                Duration.ofSeconds(seconds));
    }

    private void enqueue(PendingRequest pending) {
        if (pending.deadlineNanos() != RequestContext.NO_DEADLINE) {
            timers.schedule(pending, pending.deadlineNanos());
        }
        pending.request().context().cancellation().onCancel(pending);
        intake.add(pending);
        ServingException closed = closedBecause;
        if (closed != null) {
            // Closed since it was asked: whoever closed may have looked before this was added.
            pending.evict(closed);
        } else if (!idle.isEmpty() && isWorthWaking(pending)) {
            idle.wakeOne();
        }
    }

    private boolean isWorthWaking(PendingRequest added) {
        long deadline = added.deadlineNanos();
        boolean cannotWait = deadline != RequestContext.NO_DEADLINE && deadline - deadlineWorthWaking < 0;
        return cannotWait || admission.rows() >= rowsWorthWaking;
    }

    /** Counts {@code taker} among those that take batches. */
    void join(Taker taker) {
        formation.lock();
        try {
            if (!taker.isMember) {
                taker.isMember = true;
                members.incrementAndGet();
            }
        } finally {
            formation.unlock();
        }
    }

    /** {@code taker} asks no more, for now or for good; what it was woken for goes to another. */
    void leave(Taker taker) {
        formation.lock();
        try {
            idle.remove(taker);
            setBusy(taker, false);
            if (taker.isMember) {
                taker.isMember = false;
                members.decrementAndGet();
            }
        } finally {
            formation.unlock();
        }
        if (admission.requests() > 0) {
            idle.wakeOne();
        }
    }

    /**
     * What {@code taker}, which is free, is to do now. If it is to sleep, it is woken when that changes; a taker that is woken asks
     * again, or leaves.
     */
    Formation form(Taker taker) {
        List<PendingRequest> expired = new ArrayList<>();
        try {
            Formation next = form(taker, expired);
            if (next instanceof Formation.Formed && admission.requests() > 0) {
                // Outside of the lock: it may take a thread to be made.
                idle.wakeOne();
            }
            return next;
        } finally {
            expired.forEach(PendingRequest::answerExpired);
        }
    }

    private Formation form(Taker taker, List<PendingRequest> expired) {
        formation.lock();
        try {
            idle.remove(taker);
            setBusy(taker, false);
            while (true) {
                Formation next = formOnce(expired);
                if (next instanceof Formation.Formed) {
                    setBusy(taker, true);
                    // Whoever waits for company from now on is another: those that sleep are to be woken for any
                    // request.
                    rowsWorthWaking = 0;
                    return next;
                }
                idle.add(taker);
                if (intake.isEmpty()) {
                    return next;
                }
                idle.remove(taker);
            }
        } finally {
            formation.unlock();
        }
    }

    /** Claims at most {@code most} of those that are due, for a taker that is at work and has room for more; none if none wait. */
    List<PendingRequest> more(int most) {
        List<PendingRequest> expired = new ArrayList<>();
        List<PendingRequest> claimed = new ArrayList<>();
        formation.lock();
        try {
            takeIn();
            long now = ticker.nanos();
            PendingRequest due = waiting.due(now);
            while (due != null && claimed.size() < most) {
                claimed.addAll(waiting.claim(due, due.rows(), now, expired));
                due = waiting.due(now);
            }
        } finally {
            formation.unlock();
            expired.forEach(PendingRequest::answerExpired);
        }
        return claimed;
    }

    private void setBusy(Taker taker, boolean isBusy) {
        if (taker.isMember && taker.isBusy != isBusy) {
            busy.addAndGet(isBusy ? 1 : -1);
        }
        taker.isBusy = isBusy;
    }

    private Formation formOnce(List<PendingRequest> expired) {
        while (true) {
            takeIn();
            long now = ticker.nanos();
            PendingRequest due = waiting.due(now);
            if (due == null) {
                rowsWorthWaking = 0;
                return new Formation.Sleep(TimerWheel.NEVER);
            }
            BatchPolicy.QueueFacts facts = waiting.facts(due, times, false);
            BatchPolicy.Decision decision = policy.decide(facts, now);
            if (decision instanceof BatchPolicy.Decision.WaitUntil) {
                facts = waiting.facts(due, times, true);
                decision = policy.decide(facts, now);
            }
            if (decision instanceof BatchPolicy.Decision.WaitUntil wait) {
                rowsWorthWaking = policy.fullRows();
                deadlineWorthWaking = wait.nanos() + times.estimateNanos(policy.maxRows()) + TimerWheel.TICK_NANOS;
                return new Formation.Sleep(wait.nanos());
            }
            int size = Math.min(((BatchPolicy.Decision.Close) decision).size(), policy.maxRows());
            List<PendingRequest> batch = waiting.claim(due, size, now, expired);
            if (!batch.isEmpty()) {
                int rows = batch.stream().mapToInt(PendingRequest::rows).sum();
                return new Formation.Formed(batch, rows, reason(rows, facts, now));
            }
        }
    }

    private void takeIn() {
        endedUnseen.set(0);
        for (PendingRequest request : intake.drain()) {
            if (request.isQueued()) {
                waiting.add(request);
            }
        }
        waiting.compact(admission.requests());
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

    @Override
    public void left(PendingRequest request) {
        timers.cancel(request);
        admission.leave(request.rows(), request.traits().bytes());
        boolean isClaimed = request.state() == PendingRequest.State.CLAIMED;
        if (!isClaimed && endedUnseen.incrementAndGet() > admission.bounds().requests()) {
            tidyUp();
        }
    }

    /** While all instances are in their calls, nobody else comes across the requests that have ended. */
    private void tidyUp() {
        if (!formation.isHeldByCurrentThread() && formation.tryLock()) {
            try {
                takeIn();
            } finally {
                formation.unlock();
            }
        }
    }

    @Override
    public void answeredTwice() {
        onSecondAnswer.run();
    }

    /** Ends all that wait with {@code reason}, and refuses later ones with it. */
    void close(ServingException reason) {
        closedBecause = reason;
        List<PendingRequest> all;
        formation.lock();
        try {
            takeIn();
            all = waiting.all();
        } finally {
            formation.unlock();
        }
        all.forEach(request -> request.evict(reason));
    }

    /** Most rows of a batch. */
    int maxRows() {
        return policy.maxRows();
    }

    /** Requests it links to, waiting or not. */
    int linked() {
        formation.lock();
        try {
            return intake.size() + waiting.nodes();
        } finally {
            formation.unlock();
        }
    }

    QueueStatus status() {
        return new QueueStatus(admission.requests(), admission.bounds().requests());
    }
}
