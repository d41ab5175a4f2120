// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.PrioritySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
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
final class RequestQueue implements PendingRequest.Owner, Queues {
    /** No limit of its own on the time requests wait. */
    static final long ANY_TIME = Long.MAX_VALUE;

    private final BatchPolicy policy;
    private final TimerWheel timers;
    private final Ticker ticker;
    private final Runnable onSecondAnswer;
    private final CallerRuns callers;
    private final Admission admission;
    private final Refusals refusals;
    private final Reception reception;
    private final Intake intake = new Intake();
    private final IdleTakers idle = new IdleTakers();
    private final ReentrantLock formation = new ReentrantLock();

    /** Null if requests may wait for an instance. */
    private final @Nullable Tickets tickets;

    /** Requests that ended in the queue and may still be linked to from it. */
    private final AtomicInteger endedUnseen = new AtomicInteger();

    /** Guarded by {@link #formation}. */
    private final WaitingRequests waiting;

    /** Guarded by {@link #formation}. */
    private final BatchFormer former;

    /** Changed under {@link #formation}: takers there are. */
    private final AtomicInteger members = new AtomicInteger();

    /** Changed under {@link #formation}: those of them that run a batch. */
    private final AtomicInteger busy = new AtomicInteger();

    /** Written by who closes, suspends or resumes: why nothing is taken now; null while the queue is open. */
    private final AtomicReference<@Nullable ServingException> closedBecause = new AtomicReference<>();

    /**
     * The bounds and levels of a queue, and the sizes of its batches.
     *
     * @param name of the model, for messages
     * @param splits whether a request with more rows than a batch may have runs in parts
     * @param timeoutNanos longest time a request waits; {@link #ANY_TIME} for as long as it asks for
     * @param onlyIfIdle whether no more requests wait than there are free instances
     */
    record Settings(
            String name,
            QueueBounds bounds,
            PrioritySpec priorities,
            AllowedSizes sizes,
            boolean splits,
            long timeoutNanos,
            boolean onlyIfIdle) {
        Settings(String name, QueueBounds bounds, PrioritySpec priorities) {
            this(name, bounds, priorities, AllowedSizes.ANY, false);
        }

        Settings(String name, QueueBounds bounds, PrioritySpec priorities, AllowedSizes sizes, boolean splits) {
            this(name, bounds, priorities, sizes, splits, ANY_TIME, false);
        }
    }

    RequestQueue(
            Settings settings,
            BatchPolicy policy,
            ServiceTimes times,
            TimerWheel timers,
            Ticker ticker,
            Runnable onSecondAnswer) {
        this(settings, policy, times, timers, ticker, onSecondAnswer, CallerRuns.NEVER);
    }

    /** @param callers which requests may run on the threads that submit them */
    RequestQueue(
            Settings settings,
            BatchPolicy policy,
            ServiceTimes times,
            TimerWheel timers,
            Ticker ticker,
            Runnable onSecondAnswer,
            CallerRuns callers) {
        this(settings, policy, times, timers, ticker, onSecondAnswer, callers, new Admission(settings.bounds()));
    }

    /** @param admission counts what waits here, and maybe elsewhere */
    RequestQueue(
            Settings settings,
            BatchPolicy policy,
            ServiceTimes times,
            TimerWheel timers,
            Ticker ticker,
            Runnable onSecondAnswer,
            CallerRuns callers,
            Admission admission) {
        this.policy = policy;
        this.timers = timers;
        this.ticker = ticker;
        this.onSecondAnswer = onSecondAnswer;
        this.callers = callers;
        this.admission = admission;
        this.tickets = settings.onlyIfIdle() ? new Tickets() : null;
        this.refusals = new Refusals(settings.name(), admission, times);
        this.reception = new Reception(settings, policy.maxRows(), admission, refusals, this);
        PrioritySpec priorities = settings.priorities();
        this.waiting = new WaitingRequests(
                priorities.levels(), priorities.ageing().toNanos(), policy.maxRows(), settings.sizes());
        this.former = new BatchFormer(policy, times, settings.sizes(), ticker, waiting);
    }

    /**
     * Takes a request, or refuses it.
     *
     * @throws ServingException {@code OVERLOADED}, {@code INVALID_INPUT} if it has more rows than a batch may, {@code
     *     DEADLINE_EXCEEDED}, or what the queue was closed with; then nothing has happened
     */
    void submit(InferenceRequest request, ResponseSink sink) {
        submit(request, sink, PendingRequest.Follower.NONE);
    }

    /**
     * Takes a request, or refuses it, as {@link #submit(InferenceRequest, ResponseSink)}.
     *
     * @param follower hears of it if it is taken; such requests do not run on this thread
     */
    void submit(InferenceRequest request, ResponseSink sink, PendingRequest.Follower follower) {
        ServingException closed = closedBecause.get();
        if (closed != null) {
            throw closed;
        }
        if (admission.isFull()) {
            // Looked at before anything is made for the request.
            throw refusals.overloaded(members.get());
        }
        long now = ticker.nanos();
        if (request.context().isExpired(now)) {
            throw refusals.late();
        }
        if (tickets != null && !tickets.take()) {
            throw refusals.noneIdle();
        }
        Reception.Arrival arrival = new Reception.Arrival(now, members.get(), areAllBusy(), follower);
        PendingRequest whole = null;
        List<PendingRequest> parts = List.of();
        try {
            if (reception.isSplit(request)) {
                parts = reception.parts(request, sink, arrival);
            } else {
                whole = reception.whole(request, sink, arrival);
            }
        } catch (RuntimeException | Error e) {
            addTickets(1);
            throw e;
        }
        follower.admitted();
        if (whole != null) {
            enqueue(whole);
        } else {
            addTickets(1 - parts.size());
            parts.forEach(this::enqueue);
        }
    }

    private void addTickets(int more) {
        if (tickets != null) {
            tickets.add(more);
        }
    }

    private boolean areAllBusy() {
        int all = members.get();
        return all > 0 && busy.get() >= all;
    }

    private void enqueue(PendingRequest pending) {
        boolean maybeHere = admission.requests() == 1
                && pending.follower() == PendingRequest.Follower.NONE
                && callers.mayRun(pending);
        if (!maybeHere) {
            scheduleDeadline(pending);
        }
        pending.request().context().cancellation().onCancel(pending);
        if (maybeHere) {
            if (runHere(pending)) {
                return;
            }
            scheduleDeadline(pending);
        }
        intake.add(pending);
        ServingException closed = closedBecause.get();
        if (closed != null) {
            // Closed since it was asked: whoever closed may have looked before this was added.
            pending.evict(closed);
        } else if (!idle.isEmpty() && former.isWorthWaking(pending, admission.rows())) {
            idle.wakeOne();
        }
    }

    private void scheduleDeadline(PendingRequest pending) {
        if (pending.untilNanos() != RequestContext.NO_DEADLINE) {
            timers.schedule(pending, pending.untilNanos());
            if (!pending.isQueued()) {
                timers.cancel(pending);
            }
        }
    }

    /**
     * Runs {@code pending} on this thread if nothing else waits, an instance is at rest, and the policy has it run now.
     *
     * @return false if it is still to be handed over
     */
    private boolean runHere(PendingRequest pending) {
        if (!formation.tryLock()) {
            return false;
        }
        Taker taker;
        Formation next;
        List<PendingRequest> expired = new ArrayList<>(0);
        try {
            // Whatever waits has been counted before; and who closes looks for it under this lock.
            boolean isAlone = admission.requests() == 1 && closedBecause.get() == null;
            taker = isAlone ? idle.lendOne() : null;
            if (taker == null) {
                return false;
            }
            waiting.add(pending);
            next = formHere(expired);
            setBusy(taker, next instanceof Formation.Formed batch ? batch.members().size() : 0);
        } finally {
            formation.unlock();
        }
        if (next instanceof Formation.Formed batch) {
            taker.runLent(batch);
        } else {
            // It waits for company, or has ended. Whoever is woken sees to it.
            scheduleDeadline(pending);
            taker.giveBack();
        }
        expired.forEach(PendingRequest::answerExpired);
        return true;
    }

    /** The request has been taken, so that a fault is not its caller's: the carrier comes across it. */
    private Formation formHere(List<PendingRequest> expired) {
        try {
            return former.form(expired);
        } catch (RuntimeException | Error e) {
            return new Formation.Sleep(TimerWheel.NEVER);
        }
    }

    /** Whether a request like the one of {@code batch} may run on its caller's thread. */
    boolean mayRunOnCaller(Formation.Formed batch) {
        return batch.members().size() == 1 && callers.mayRun(batch.members().get(0));
    }

    /** The batch that {@code taker} was lent for is over; gives whether it has to ask for another. */
    boolean over(Taker taker) {
        if (!formation.tryLock()) {
            return true;
        }
        try {
            setBusy(taker, 0);
            if (taker.isMember) {
                idle.add(taker);
            }
        } finally {
            formation.unlock();
        }
        // Asleep first, looked second: who submits now finds it asleep, or is seen here.
        return admission.requests() > 0;
    }

    @Override
    public void ranAlone(PendingRequest request, long nanos, boolean hasFailed) {
        if (hasFailed) {
            callers.failed(request);
        } else {
            callers.ran(request, nanos);
        }
    }

    /** Counts {@code taker} among those that take batches. */
    void join(Taker taker) {
        formation.lock();
        try {
            if (!taker.isMember) {
                taker.isMember = true;
                members.incrementAndGet();
                addTickets(taker.isBusy ? 0 : 1);
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
            setBusy(taker, 0);
            if (taker.isMember) {
                taker.isMember = false;
                members.decrementAndGet();
                addTickets(-1);
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
        List<PendingRequest> expired = new ArrayList<>(0);
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
            setBusy(taker, 0);
            while (true) {
                Formation next = formOnce(expired);
                if (next instanceof Formation.Formed batch) {
                    setBusy(taker, batch.members().size());
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
        formation.lock();
        try {
            takeIn();
            List<PendingRequest> taken = former.take(most, expired);
            addTickets(taken.size());
            return taken;
        } finally {
            formation.unlock();
            expired.forEach(PendingRequest::answerExpired);
        }
    }

    /** @param running requests it has just claimed; none if it is free */
    private void setBusy(Taker taker, int running) {
        boolean isBusy = running > 0;
        int freed = 0;
        if (taker.isMember && taker.isBusy != isBusy) {
            busy.addAndGet(isBusy ? 1 : -1);
            freed = isBusy ? -1 : taker.isAnnounced ? 0 : 1;
        }
        taker.isBusy = isBusy;
        taker.isAnnounced = false;
        addTickets(running + freed);
    }

    /**
     * The last answers of the batch that {@code taker} runs are about to be handed out: whoever gets one may come again at once, and is
     * not to be refused because the instance has yet to ask for more.
     */
    void announce(Taker taker) {
        if (tickets == null) {
            return;
        }
        formation.lock();
        try {
            if (taker.isMember && taker.isBusy && !taker.isAnnounced) {
                taker.isAnnounced = true;
                tickets.add(1);
            }
        } finally {
            formation.unlock();
        }
    }

    /** Whether no more requests wait than there are free instances. */
    boolean takesOnlyIfIdle() {
        return tickets != null;
    }

    private Formation formOnce(List<PendingRequest> expired) {
        takeIn();
        return former.form(expired);
    }

    private void takeIn() {
        endedUnseen.set(0);
        PendingRequest next;
        for (PendingRequest request = intake.drain(); request != null; request = next) {
            next = request.takeNext();
            if (request.isQueued()) {
                waiting.add(request);
            }
        }
        waiting.compact(admission.requests());
    }

    @Override
    public void left(PendingRequest request) {
        timers.cancel(request);
        admission.leave(request.rows(), request.traits().bytes());
        boolean hasEnded = request.hasEndedUnclaimed();
        if (hasEnded) {
            addTickets(1);
        }
        if (hasEnded && endedUnseen.incrementAndGet() > admission.bounds().requests()) {
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

    /** Ends all that wait with {@code reason}, and refuses later ones with it, for good. */
    void close(ServingException reason) {
        closedBecause.set(reason);
        evict(reason);
    }

    /** All instances have this one. */
    @Override
    public RequestQueue of(Taker instance) {
        return this;
    }

    @Override
    public void suspend(@Nullable ServingException before, ServingException reason) {
        closedBecause.compareAndSet(before, reason);
    }

    @Override
    public void resume(ServingException reason) {
        formation.lock();
        try {
            closedBecause.compareAndSet(reason, null);
        } finally {
            formation.unlock();
        }
    }

    @Override
    public void evict(ServingException reason) {
        List<PendingRequest> all = List.of();
        formation.lock();
        try {
            // Those that came since it was resumed have somebody to run them.
            if (closedBecause.get() == reason) {
                takeIn();
                all = waiting.all();
            }
        } finally {
            formation.unlock();
        }
        all.forEach(request -> request.evict(reason));
    }

    /** Why nothing is taken now; null while requests are taken. */
    @Nullable
    ServingException closedFor() {
        return closedBecause.get();
    }

    /** Whether anybody takes batches. */
    boolean hasTakers() {
        return members.get() > 0;
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
