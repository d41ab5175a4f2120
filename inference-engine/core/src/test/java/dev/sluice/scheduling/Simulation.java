// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.Outcome;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One run of the real queue, timer wheel and batch runner against made-up callers and a made-up engine, on one thread and on a clock
 * of its own. Everything follows from the seed. What the run finds wrong is noted under the invariant it breaks.
 */
final class Simulation {
    private static final ModelId ID = new ModelId("m", "1.0");
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long TICK = TimerWheel.TICK_NANOS;

    /** Longest time from a wake-up to the thread's running. */
    private static final long WAKE_NANOS = 50 * MICRO;

    private final SplittableRandom random;
    private final Map<String, String> violations = new LinkedHashMap<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>(
            Comparator.<Event>comparingLong(event -> event.at).thenComparingLong(event -> event.order));
    private final List<Client> clients = new ArrayList<>();
    private final List<Puppet> puppets = new ArrayList<>();
    private final Map<Integer, Client> byNumber = new HashMap<>();
    private final TimerWheel wheel;
    private final ServiceTimes times = new ServiceTimes();
    private final RequestQueue queue;
    private final BatchRunner runner;

    private final int maxRows;
    private final AllowedSizes sizes;
    private final boolean splits;
    private final boolean onlyIfIdle;
    private final BatchPolicy policy;
    private final long maxDelay;
    private final QueueBounds bounds;
    private final int levels;
    private final long ageing;
    private final int tenants;
    private final int shapes;
    private final long callLimit;
    private final long alpha;
    private final long beta;

    // All written by the one thread there is.
    private long now;
    private long order;
    private long wheelAt = TimerWheel.NEVER;
    private int buffersOut;
    private int waitingRequests;
    private long waitingRows;
    private long waitingBytes;
    private long freeSince;
    private boolean closed;

    private record Event(long at, long order, Runnable action) {}

    Simulation(long seed) {
        random = new SplittableRandom(seed);
        // An arbitrary origin, as System.nanoTime has; some are about to wrap.
        now = random.nextInt(4) == 0
                ? Long.MAX_VALUE - random.nextLong(40 * MILLI) - (1L << 40)
                : random.nextLong(1L << 50);
        sizes = random.nextInt(3) == 0 ? someSizes() : AllowedSizes.ANY;
        maxRows = sizes.isAny() ? 1 + random.nextInt(8) : sizes.largest();
        splits = random.nextInt(4) == 0;
        onlyIfIdle = random.nextInt(4) == 0;
        maxDelay = random.nextBoolean() ? 0 : random.nextLong(5 * MILLI);
        levels = 1 + random.nextInt(3);
        ageing = 2 * MILLI + random.nextLong(20 * MILLI);
        tenants = 1 + random.nextInt(3);
        shapes = 1 + random.nextInt(3);
        int capacity = 2 + random.nextInt(40);
        long bytes = random.nextInt(3) == 0 ? 20 + random.nextInt(200) : Long.MAX_VALUE;
        long rows = random.nextInt(3) == 0 ? maxRows + random.nextInt(20) : (long) capacity * maxRows;
        bounds = new QueueBounds(capacity, rows, bytes);
        callLimit = random.nextInt(4) == 0 ? 6 * MILLI : BatchRunner.UNLIMITED;
        alpha = random.nextLong(3 * MILLI);
        beta = random.nextLong(MILLI);
        wheel = new TimerWheel(now, () -> wheelAt = now);
        BatchSpec batching = new BatchSpec(maxRows, Duration.ofNanos(maxDelay)).withSizes(sizes);
        policy = BatchPolicy.of(
                random.nextInt(3) == 0
                        ? batching.withLatencyTarget(Duration.ofNanos(MILLI + random.nextLong(20 * MILLI)))
                        : batching);
        PrioritySpec priorities = new PrioritySpec(levels, levels, Duration.ofNanos(ageing));
        queue = new RequestQueue(
                new RequestQueue.Settings(
                        "m", bounds, priorities, sizes, splits, RequestQueue.ANY_TIME, onlyIfIdle),
                policy,
                times,
                wheel,
                () -> now,
                () -> broken("I2", "a request was answered twice"));
        runner = new BatchRunner(ID, policy, times, (id, size, waited, ran) -> {}, () -> now, wheel, callLimit);
    }

    private AllowedSizes someSizes() {
        TreeSet<Integer> some = new TreeSet<>();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            some.add(1 + random.nextInt(8));
        }
        return new AllowedSizes(List.copyOf(some));
    }

    /** Runs until nothing happens any more; the invariants that were broken, with what was seen first. */
    Map<String, String> run() {
        int instances = 1 + random.nextInt(3);
        for (int i = 0; i < instances; i++) {
            addPuppet();
        }
        int count = 5 + random.nextInt(40);
        long at = now;
        long spacing = 1 + random.nextLong(2 * MILLI);
        for (int i = 0; i < count; i++) {
            at += random.nextInt(3) == 0 ? 0 : random.nextLong(spacing);
            Client client = new Client(i, null);
            in(at - now, client::submit);
        }
        if (random.nextInt(4) == 0) {
            in(random.nextLong(20 * MILLI), this::exchangeAnInstance);
        }
        if (random.nextInt(4) == 0) {
            in(random.nextLong(20 * MILLI), this::close);
        }
        drain();
        checkTheEnd();
        return violations;
    }

    private void broken(String invariant, String what) {
        violations.putIfAbsent(invariant, what);
    }

    private void check(boolean holds, String invariant, String what, Client client) {
        if (!holds) {
            broken(invariant, what + ": " + client);
        }
    }

    private void in(long nanos, Runnable action) {
        events.add(new Event(nanos + sinceStart(), order++, action));
    }

    // Events are ordered by time since the start, since the clock itself may wrap.
    private long elapsed;

    private long sinceStart() {
        return elapsed;
    }

    private void advanceTo(long since) {
        now += since - elapsed;
        elapsed = since;
    }

    private void drain() {
        while (!events.isEmpty() || wheelAt != TimerWheel.NEVER) {
            long wheelIn = wheelAt == TimerWheel.NEVER ? Long.MAX_VALUE : elapsed + Math.max(0, wheelAt - now);
            if (events.isEmpty() || wheelIn <= events.peek().at) {
                advanceTo(wheelIn);
                wheelAt = wheel.runDue(now);
            } else {
                Event next = events.poll();
                advanceTo(next.at);
                next.action.run();
            }
            noteFree();
        }
    }

    private void noteFree() {
        boolean anyFree = puppets.stream().anyMatch(puppet -> puppet.isFree());
        if (!anyFree) {
            freeSince = Long.MAX_VALUE;
        } else if (freeSince == Long.MAX_VALUE) {
            freeSince = elapsed;
        }
    }

    private void addPuppet() {
        Puppet puppet = new Puppet();
        puppets.add(puppet);
        queue.join(puppet);
        in(0, puppet::ask);
    }

    private void exchangeAnInstance() {
        addPuppet();
        puppets.remove(random.nextInt(puppets.size() - 1)).leave();
    }

    private void close() {
        closed = true;
        queue.close(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "unloaded"));
    }

    private void checkTheEnd() {
        for (Client client : clients) {
            int expected = client.isAdmitted && client.whole == null ? 1 : 0;
            check(client.answers == expected, "I1", "answers: " + client.answers, client);
        }
        QueueStatus status = queue.status();
        if (status.waiting() != 0 || waitingRequests != 0) {
            broken("I12", "the queue counts " + status.waiting() + " at the end");
        }
        if (buffersOut != 0) {
            broken("I12", "buffers out at the end: " + buffersOut);
        }
    }

    /** One request and whoever sent it. */
    private final class Client implements ResponseSink {
        private final int number;
        private final Cancellation cancellation = new Cancellation();
        private int rows;
        private int width;
        private int level;
        private String tenant = "";
        private long bytes;
        private long admittedAt;

        /** Free instances that no waiting request counted on. */
        private long freeWhenItCame;
        private long deadlineAt = Long.MAX_VALUE;
        private boolean isAdmitted;
        private boolean isWaiting;
        private boolean hasCancelled;
        private boolean hasRun;
        private boolean ranWithFailure;
        private long ranAt;
        private int answers;

        /** For a part of a request that is split. */
        private final @Nullable Client whole;

        /** Those that wait and run for it: itself, or its parts. */
        private List<Client> parts = List.of(this);

        private Client(int number, @Nullable Client whole) {
            this.number = number;
            this.whole = whole;
            clients.add(this);
            byNumber.put(number, this);
        }

        private void submit() {
            rows = random.nextInt(4) == 0 ? 1 + random.nextInt(splits ? 3 * maxRows + 1 : maxRows + 1) : 1;
            width = 8 + random.nextInt(shapes);
            tenant = "t" + random.nextInt(tenants);
            level = random.nextInt(levels);
            bytes = (long) rows * width;
            long deadline = RequestContext.NO_DEADLINE;
            if (random.nextInt(3) == 0) {
                long patience = random.nextLong(12 * MILLI);
                deadline = now + patience;
                deadlineAt = elapsed + patience;
            }
            if (random.nextInt(6) == 0) {
                in(random.nextLong(8 * MILLI), this::cancel);
            }
            admittedAt = elapsed;
            if (splits && rows > maxRows) {
                parts = partsOf();
            }
            InferenceRequest request = request(deadline);
            freeWhenItCame = puppets.stream().filter(Puppet::isFree).count() - waitingRequests;
            // What will wait counts before it does: it may end within submit.
            parts.forEach(Client::enter);
            try {
                queue.submit(request, this);
                isAdmitted = true;
                parts.forEach(part -> part.isAdmitted = true);
                check(!onlyIfIdle || freeWhenItCame > 0, "I17", "was taken though no instance was free", this);
                check(rows <= maxRows || splits || isAlone(), "I5", "took more rows than a batch may have", this);
                check(!closed || answers == 1, "I9", "was taken by a closed queue and left there", this);
            } catch (ServingException refusal) {
                parts.forEach(Client::leave);
                request.release();
                checkRefusal(refusal);
            }
            boolean within = waitingRequests <= bounds.requests()
                    && waitingRows <= bounds.rows()
                    && waitingBytes <= bounds.bytes();
            check(
                    within,
                    "I4",
                    waitingRequests + " requests, " + waitingRows + " rows, " + waitingBytes + " bytes",
                    this);
        }

        private List<Client> partsOf() {
            List<Client> cut = new ArrayList<>();
            for (int from = 0; from < rows; from += maxRows) {
                Client part = new Client(1000 * (number + 1) + cut.size(), this);
                part.rows = Math.min(maxRows, rows - from);
                part.width = width;
                part.level = level;
                part.tenant = tenant;
                part.bytes = (long) part.rows * width;
                part.admittedAt = admittedAt;
                part.deadlineAt = deadlineAt;
                cut.add(part);
            }
            return cut;
        }

        /** The one of {@link #parts} that row {@code row} is in. */
        private Client partOf(int row) {
            return parts.size() == 1 ? this : parts.get(row / maxRows);
        }

        private boolean isAnswered() {
            return (whole == null ? answers : whole.answers) > 0;
        }

        private boolean waits() {
            return parts.stream().anyMatch(part -> part.isWaiting);
        }

        private void checkRefusal(ServingException refusal) {
            check(answers == 0, "I1", "was refused and answered", this);
            boolean isRight = switch (refusal.code()) {
                case OVERLOADED ->
                    refusal.retryAfter().isPresent()
                            && (onlyIfIdle && freeWhenItCame <= 0
                                    || waitingRequests + parts.size() > bounds.requests()
                                    || waitingRows + counted() > bounds.rows()
                                    || waitingBytes + bytes > bounds.bytes());
                case INVALID_INPUT ->
                    splits
                            ? rows > Math.min(bounds.rows(), (long) bounds.requests() * maxRows)
                            : rows > maxRows && !isAlone();
                case DEADLINE_EXCEEDED -> deadlineAt <= elapsed;
                case MODEL_UNAVAILABLE -> closed;
                default -> false;
            };
            check(isRight, "I4", "was refused with " + refusal.code(), this);
        }

        private int counted() {
            return isAlone() ? 1 : rows;
        }

        private void enter() {
            isWaiting = true;
            waitingRequests++;
            waitingRows += counted();
            waitingBytes += bytes;
        }

        private void leave() {
            if (isWaiting) {
                isWaiting = false;
                waitingRequests--;
                waitingRows -= counted();
                waitingBytes -= bytes;
            }
        }

        private void cancel() {
            hasCancelled = true;
            boolean waited = waits();
            int before = answers;
            cancellation.cancel();
            check(!waited || answers == before + 1, "I7", "was cancelled and stays in the queue", this);
        }

        private InferenceRequest request(long deadline) {
            buffersOut++;
            DataBuffer data = DataBuffer.of(ByteBuffer.allocate(rows * width), () -> buffersOut--);
            for (int row = 0; row < rows; row++) {
                data.view().putInt(row * width, partOf(row).number).putInt(row * width + 4, row);
            }
            Tensor tensor = new Tensor("x", DataType.UINT8, Shape.of(rows, width), data);
            RequestContext context =
                    new RequestContext("", "test", now, deadline, Map.of(), cancellation, tenant, level + 1);
            return new InferenceRequest(
                    ModelRef.of("m"), List.of(new Input.OfTensor(tensor)), List.of(), Map.of(), context);
        }

        /** The level it counts as by its age. */
        private int rank() {
            return Math.max(0, level - (int) ((elapsed - admittedAt) / ageing));
        }

        /** Whether it can be computed by its deadline after a batch of {@code engineRows}. */
        private boolean canWait(int engineRows) {
            long both = times.estimateNanos(engineRows) + times.estimateNanos(sizes.holding(rows));
            return deadlineAt == Long.MAX_VALUE || deadlineAt - elapsed >= both + TICK;
        }

        private boolean mayBeBehind(Client other) {
            return !tenant.equals(other.tenant) || width != other.width || level != other.level;
        }

        private void end() {
            answers++;
            for (Client part : parts) {
                if (part.isWaiting) {
                    part.checkLiveness(deadlineAt == Long.MAX_VALUE ? elapsed : Math.min(elapsed, deadlineAt));
                }
                part.leave();
            }
            check(answers == 1, "I2", "was answered again", this);
        }

        private void checkLiveness(long until) {
            long free = freeSince == Long.MAX_VALUE ? until : Math.max(admittedAt, freeSince);
            check(
                    until - free <= maxDelay + TICK + 2 * WAKE_NANOS,
                    "I14",
                    "waited " + (until - free) + " ns though an instance was free",
                    this);
        }

        @Override
        public void part(InferenceResponse part) {
            broken("I2", "got a part");
        }

        @Override
        public void complete(InferenceResponse response) {
            ByteBuffer answer = ((Output.OfTensor) response.outputs().get(0))
                    .tensor()
                    .data()
                    .view();
            check(answer.remaining() == 8 * rows, "I2", "got " + answer.remaining() + " bytes", this);
            for (int row = 0; row < rows && answer.remaining() >= 8; row++) {
                int number = answer.getInt();
                check(number == expected(partOf(row).number), "I2", "got the answer of another in row " + row, this);
                check(answer.getInt() == row, "I3", "got another row of its own in row " + row, this);
            }
            response.release();
            end();
            for (Client part : parts) {
                check(part.hasRun && !hasCancelled && !part.ranWithFailure, "I7", "got an answer", this);
            }
        }

        @Override
        public void fail(ServingException failure) {
            boolean waited = waits();
            boolean hasFailed = parts.stream().anyMatch(part -> part.ranWithFailure);
            boolean ranTooLong = parts.stream().anyMatch(part -> part.hasRun && elapsed - part.ranAt >= callLimit);
            end();
            boolean isRight = switch (failure.code()) {
                case CANCELLED -> hasCancelled;
                case DEADLINE_EXCEEDED -> waited && deadlineAt <= elapsed;
                case MODEL_UNAVAILABLE -> waited && closed;
                case ENGINE_FAILED -> hasFailed || ranTooLong;
                default -> false;
            };
            check(isRight, "I7", "failed with " + failure.code(), this);
            if (failure.code() == ErrorCode.DEADLINE_EXCEEDED) {
                check(elapsed - deadlineAt <= 5 * MILLI, "I6", "expired " + (elapsed - deadlineAt) + " ns late", this);
            }
        }

        @Override
        public String toString() {
            return "request " + number + " at " + admittedAt + " of " + rows + " rows, level " + level + ", " + tenant
                    + ", deadline " + deadlineAt + ", now " + elapsed;
        }
    }

    /** Whether each request is a batch, however many rows it has. */
    private boolean isAlone() {
        return maxRows == 1 && sizes.isAny() && !splits;
    }

    private static int expected(int number) {
        return 31 * number + 7;
    }

    /** An instance without a thread. */
    private final class Puppet extends Taker {
        private boolean isAsleep;
        private boolean isRunning;
        private boolean hasLeft;
        private int naps;

        private boolean isFree() {
            return !isRunning && !hasLeft;
        }

        @Override
        void wake() {
            if (isAsleep) {
                isAsleep = false;
                in(random.nextLong(WAKE_NANOS), this::ask);
            }
        }

        private void ask() {
            if (hasLeft || isRunning) {
                return;
            }
            Formation formation = queue.form(this);
            if (formation instanceof Formation.Formed formed) {
                run(formed);
                return;
            }
            isAsleep = true;
            int nap = ++naps;
            long until = ((Formation.Sleep) formation).untilNanos();
            if (until != TimerWheel.NEVER) {
                in(Math.max(0, until - now), () -> {
                    if (isAsleep && naps == nap) {
                        isAsleep = false;
                        ask();
                    }
                });
            }
        }

        private void run(Formation.Formed formed) {
            List<Client> members = formed.members().stream()
                    .map(member -> client(member.request()))
                    .toList();
            checkBatch(members, formed);
            isRunning = true;
            BatchRunner.Call call = runner.begin(formed, () -> giveUp(members));
            int rows = isAlone() ? members.get(0).rows : formed.engineRows();
            boolean fails = random.nextInt(10) == 0;
            long nanos = alpha + beta * rows + random.nextLong(MICRO * 100);
            if (callLimit != BatchRunner.UNLIMITED && random.nextInt(10) == 0) {
                nanos += callLimit;
            }
            in(nanos, () -> finish(call, members, fails));
        }

        private void giveUp(List<Client> members) {
            check(members.stream().allMatch(Client::isAnswered), "I1", "hangs with its call", members.get(0));
            queue.leave(this);
            hasLeft = true;
            puppets.remove(this);
            addPuppet();
        }

        private void finish(BatchRunner.Call call, List<Client> members, boolean fails) {
            if (fails) {
                members.forEach(member -> member.ranWithFailure = true);
                call.fail(new IllegalStateException("planned"));
            } else {
                call.succeed(call.batch().requests().stream()
                        .map(Simulation.this::answer)
                        .toList());
            }
            isRunning = false;
            ask();
        }

        private void leave() {
            hasLeft = true;
            queue.leave(this);
        }
    }

    private Client client(InferenceRequest request) {
        return Objects.requireNonNull(byNumber.get(number(request)));
    }

    private static int number(InferenceRequest request) {
        return ((Input.OfTensor) request.inputs().get(0)).tensor().data().view().getInt(0);
    }

    /** For each row what stands in it, so that a row in the wrong place is seen. */
    private Outcome answer(InferenceRequest request) {
        Tensor input = ((Input.OfTensor) request.inputs().get(0)).tensor();
        int rows = (int) input.shape().dimension(0);
        int width = (int) input.shape().dimension(1);
        buffersOut++;
        DataBuffer data = DataBuffer.of(ByteBuffer.allocate(8 * rows), () -> buffersOut--);
        ByteBuffer from = input.data().view();
        ByteBuffer to = data.view();
        for (int row = 0; row < rows; row++) {
            to.putInt(expected(from.getInt(row * width))).putInt(from.getInt(row * width + 4));
        }
        Tensor output = new Tensor("y", DataType.UINT8, Shape.of(rows, 8), data);
        return new Outcome.Success(new InferenceResponse(ID, List.of(new Output.OfTensor(output))));
    }

    private void checkBatch(List<Client> members, Formation.Formed formed) {
        Client head = members.get(0);
        List<Client> others = clients.stream()
                .filter(client -> client.isWaiting && client.isAdmitted && !members.contains(client))
                .toList();
        int rows = 0;
        for (Client member : members) {
            rows += member.counted();
            check(member.isWaiting && !member.hasRun && !member.isAnswered(), "I1", "runs though it had ended", member);
            check(member.deadlineAt > elapsed, "I6", "runs after its deadline", member);
            check(member.width == head.width, "I8", "runs with " + head, member);
            check(!closed, "I9", "runs after the end", member);
            member.checkLiveness(elapsed);
            for (Client other : others) {
                boolean isOlder = other.admittedAt < member.admittedAt;
                check(!isOlder || member.mayBeBehind(other), "I11", "overtook " + other, member);
            }
        }
        check(rows <= maxRows && rows == formed.rows(), "I5", "batch of " + rows + " rows of " + maxRows, head);
        boolean isAllowed =
                sizes.isAny() ? formed.engineRows() == rows : sizes.sizes().contains(formed.engineRows());
        check(
                isAllowed && formed.engineRows() >= rows,
                "I5",
                rows + " rows sent as " + formed.engineRows() + " of " + sizes,
                head);
        for (Client other : others) {
            // The clock of the queue and this one differ by the time of a wake-up, the age of a rank does not.
            check(other.rank() >= head.rank(), "I11", "is behind " + head, other);
        }
        checkFillers(members, others, formed);
        for (Client member : members) {
            member.leave();
            member.hasRun = true;
            member.ranAt = elapsed;
        }
    }

    /** With one tenant nothing but the room, and where only some sizes are allowed their cost, decides who joins the head: by level first. */
    private void checkFillers(List<Client> members, List<Client> others, Formation.Formed formed) {
        if (tenants > 1) {
            return;
        }
        for (Client member : members.subList(1, members.size())) {
            for (Client other : others) {
                boolean overtaken = other.width == member.width && other.level < member.level;
                check(!overtaken, "I11", "was overtaken by " + member, other);
            }
        }
        int width = members.get(0).width;
        List<Client> alike =
                others.stream().filter(other -> other.width == width).toList();
        int most = policy.fullRows();
        int room = sizes.isAny() ? most - formed.rows() : formed.paddingRows();
        boolean allFit = !isAlone() && room > 0 && alike.stream().allMatch(other -> other.rows <= room);
        boolean allFitIntoALarger = alike.stream().allMatch(other -> other.rows <= most - formed.rows());
        for (Client other : alike) {
            check(!allFit, "I14", "would have fitted beside " + members.get(0), other);
            check(
                    sizes.isAny() || !allFitIntoALarger || other.canWait(formed.engineRows()),
                    "I6",
                    "was left behind though there is no time for one more batch",
                    other);
        }
    }
}
