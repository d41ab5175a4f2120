// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.engine.python.setup.PythonEnvironment;
import dev.sluice.engine.python.setup.WorkerGroup;
import dev.sluice.engine.python.setup.WorkerGroups;
import dev.sluice.engine.python.setup.WorkerVariables;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts workers of one model: makes the process, connects to it, and has it load the model, all within the model's time for starting.
 * One that cannot be started leaves nothing behind.
 *
 * <p><b>Threads:</b> safe from any thread; takes as long as the handler takes to load.
 */
final class WorkerStarter {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerStarter.class);
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(5);
    private static final Duration TO_END_BY_ITSELF = Duration.ofMillis(500);
    private static final int OUT_OF_MEMORY = 507;
    private static final int NO_CARD = -1;

    private final Surroundings around;
    private final ModelSpec spec;
    private final WorkerOptions options;
    private final Side side;
    private final PythonEnvironment environment;
    private final CardShare cards;
    private final WorkerCommand command;
    private final AtomicInteger started = new AtomicInteger();

    /**
     * What all models of a server share.
     *
     * @param timer runs what must not wait, when a time is over
     */
    record Surroundings(
            WorkerSettings settings,
            EnvironmentSettings environments,
            WorkerGroups groups,
            WorkerVariables variables,
            WorkerAddresses addresses,
            BufferAllocator allocator,
            WorkerLines lines,
            ScheduledExecutorService timer) {}

    WorkerStarter(
            Surroundings around,
            ModelSpec spec,
            WorkerOptions options,
            PythonEnvironment environment,
            CardShare cards) {
        this.around = around;
        this.spec = spec;
        this.options = options;
        this.side = options.side().orElse(around.settings().side());
        this.environment = environment;
        this.cards = cards;
        this.command = new WorkerCommand(
                around.settings(), options, spec, side, around.environments().serverVariables());
    }

    Side side() {
        return side;
    }

    /**
     * A worker that has loaded the model.
     *
     * @throws ServingException {@code LOAD_FAILED} or {@code OUT_OF_MEMORY}, with the worker's own reason if it gave one
     */
    Worker start() {
        List<Integer> taken = cards.take();
        Attempt attempt = new Attempt(
                taken, System.nanoTime() + spec.limits().startupTimeout().toNanos());
        try {
            return attempt.run();
        } catch (IOException e) {
            attempt.undo();
            throw new ServingException(ErrorCode.LOAD_FAILED, attempt.explained(e), e);
        } catch (InterruptedException e) {
            attempt.undo();
            Thread.currentThread().interrupt();
            throw new ServingException(ErrorCode.LOAD_FAILED, "The worker was not waited for until it had started", e);
        } catch (RuntimeException | Error e) {
            attempt.undo();
            throw e;
        }
    }

    /** One worker on its way. */
    private final class Attempt {
        private final List<Integer> taken;
        private final long deadlineNanos;
        private final List<WorkerConnection> connections = new ArrayList<>();

        /** The starting thread's, as all fields below: what there is so far. */
        private Optional<WorkerAddress> address = Optional.empty();

        private Optional<WorkerGroup> group = Optional.empty();
        private Optional<SharedLane> lane = Optional.empty();
        private Optional<WorkerProcess> process = Optional.empty();

        private boolean endedByItself;

        /** Written by the timer: whether it took too long. */
        private volatile boolean isLate;

        Attempt(List<Integer> taken, long deadlineNanos) {
            this.taken = taken;
            this.deadlineNanos = deadlineNanos;
        }

        Worker run() throws IOException, InterruptedException {
            WorkerAddress at = address();
            address = Optional.of(at);
            String name = "W-" + at.number() + "-" + spec.id().name() + "_"
                    + spec.id().version();
            WorkerGroup limits = around.groups().open(spec);
            group = Optional.of(limits);
            if (!around.settings().debug()) {
                lane = lane();
                process = Optional.of(spawn(name, at, limits));
            }
            for (int i = 0; i < at.processes(); i++) {
                connections.add(connect(at.of(i)));
            }
            load();
            if (process.filter(running -> !running.isAlive()).isPresent()) {
                throw new IOException("the process ended while it loaded the model");
            }
            lane.ifPresent(SharedLane::hide);
            return new Worker(new Worker.Parts(
                    name, process, List.copyOf(connections), at, lane, limits, () -> cards.giveBack(taken)));
        }

        private WorkerAddress address() throws IOException {
            WorkerSettings settings = around.settings();
            if (!settings.debug()) {
                return around.addresses().next(options.connections(), options.parallelLevel() > 0);
            }
            return settings.unixSockets()
                    ? new WorkerAddress.Unix(settings.firstPort(), 1, settings.socketDirectory())
                    : new WorkerAddress.Tcp(settings.firstPort(), 1);
        }

        private Optional<SharedLane> lane() throws IOException {
            long bytes = options.sharedMemoryBytes().orElse(around.settings().sharedMemoryBytes());
            if (bytes == 0 || side != Side.OWN || options.isAsynchronous() || options.connections() > 1) {
                return Optional.empty();
            }
            SharedLane made = SharedLane.create(around.addresses().folder(), bytes);
            lane = Optional.of(made);
            around.addresses().give(made.file());
            return lane;
        }

        private WorkerProcess spawn(String name, WorkerAddress at, WorkerGroup limits) throws IOException {
            Map<String, String> servers = new HashMap<>(ServerVariables.of(
                    spec, around.settings(), options, around.environments().serverVariables()));
            if (!taken.isEmpty() && options.parallelLevel() > 0) {
                servers.put(Cards.VISIBLE, cards.visible(taken));
            }
            at.clean();
            WorkerProcess running = WorkerProcess.start(
                    name,
                    command.of(
                            environment.interpreter(),
                            at,
                            limits.guardArguments(),
                            limits.hostingArguments(),
                            lane.map(SharedLane::arguments).orElse(List.of()),
                            started.getAndIncrement()),
                    ComputeThreads.limit(
                            around.variables().of(spec, environment, servers),
                            spec,
                            Runtime.getRuntime().availableProcessors()),
                    environment.workingDirectory(),
                    (isError, line) -> around.lines().line(spec.id(), name, isError, line));
            process = Optional.of(running);
            limits.join(running.id());
            return running;
        }

        /** Who listens can be told for certain only once they have answered; nothing has been said to them by then. */
        private WorkerConnection connected(SocketAddress to) throws IOException {
            WorkerConnection connection = WorkerConnection.open(
                    to, around.allocator(), around.settings().maxResponseBytes());
            try {
                checkHolder(to);
                return connection;
            } catch (IOException | RuntimeException | Error e) {
                connection.close();
                throw e;
            }
        }

        private WorkerConnection connect(SocketAddress to) throws IOException, InterruptedException {
            while (true) {
                try {
                    return connected(to);
                } catch (IOException e) {
                    if (System.nanoTime() - deadlineNanos > 0) {
                        isLate = true;
                        throw e;
                    }
                    LOG.trace("Nobody listens yet", e);
                }
                waitABit();
            }
        }

        /** What is said to a worker is for nobody else. */
        private void checkHolder(SocketAddress to) throws IOException {
            if (to instanceof InetSocketAddress port
                    && process.filter(running -> running.isStrangers(port.getPort()))
                            .isPresent()) {
                throw new IOException("port: " + port.getPort() + " (expected: the worker's, not somebody else's)");
            }
        }

        private void waitABit() throws IOException, InterruptedException {
            if (process.isEmpty()) {
                LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            } else if (process.get().hasEndedAfter(BETWEEN_TRIES)) {
                throw new IOException("the process ended before it listened");
            }
        }

        private void load() throws IOException {
            Future<?> alarm = around.timer()
                    .schedule(
                            () -> {
                                isLate = true;
                                connections.forEach(WorkerConnection::close);
                            },
                            deadlineNanos - System.nanoTime(),
                            TimeUnit.NANOSECONDS);
            try {
                for (int rank = 0; rank < connections.size(); rank++) {
                    message(rank).write(connections.get(rank).writer());
                    connections.get(rank).send();
                }
                for (WorkerConnection connection : connections) {
                    readReply(connection.reader());
                }
            } finally {
                alarm.cancel(false);
            }
        }

        private LoadMessage message(int rank) {
            int card = taken.isEmpty() ? NO_CARD : options.parallelLevel() > 0 ? rank : taken.get(0);
            return new LoadMessage(
                    spec.id().name(),
                    environment.workingDirectory().toAbsolutePath().toString(),
                    spec.batching().maxSize(),
                    spec.handler(),
                    card,
                    around.settings()
                            .envelope()
                            .or(() -> new OptionReader("Model " + spec.id(), spec.options())
                                    .below("sluice")
                                    .text("envelope")),
                    around.settings().limitsImagePixels());
        }

        private void readReply(ReplyReader reader) throws IOException {
            int code = reader.code();
            String reason = reader.message();
            if (reader.next(new Prediction())) {
                throw new WireException("a prediction in the reply to LOAD (expected: none)");
            }
            if (!Outcomes.isFine(code)) {
                throw new ServingException(
                        code == OUT_OF_MEMORY ? ErrorCode.OUT_OF_MEMORY : ErrorCode.LOAD_FAILED,
                        "The worker could not load the model: " + NativeMessage.clean(reason));
            }
        }

        /** Why it did not start, for people: how the process ended says more than how the connection did. */
        String explained(IOException e) {
            if (isLate) {
                return "The worker had not loaded the model after "
                        + spec.limits().startupTimeout().toSeconds() + " s (startupTimeout)";
            }
            String farewell = process.filter(ended -> endedByItself)
                    .flatMap(this::farewell)
                    .orElse("");
            return farewell.isEmpty()
                    ? "The worker could not be started: " + NativeMessage.clean(String.valueOf(e.getMessage()))
                    : "The worker ended before it had loaded the model: " + NativeMessage.clean(farewell);
        }

        private Optional<String> farewell(WorkerProcess ended) {
            try {
                return Optional.of(ended.farewell());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        }

        /** Nothing is to be left of it. */
        void undo() {
            try {
                connections.forEach(WorkerConnection::close);
                process.ifPresent(running -> {
                    endedByItself = !isLate && endsByItself(running);
                    running.end(Duration.ZERO);
                });
                lane.ifPresent(SharedLane::close);
                address.ifPresent(WorkerAddress::clean);
                group.ifPresent(WorkerGroup::close);
            } finally {
                cards.giveBack(taken);
            }
        }

        /** One that said why it cannot load is about to end, and may still print why. */
        private boolean endsByItself(WorkerProcess running) {
            try {
                return running.hasEndedAfter(TO_END_BY_ITSELF);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
