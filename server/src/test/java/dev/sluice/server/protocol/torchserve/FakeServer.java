// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.engine.ChargedAllocator;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.PrioritySpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.config.WireConfig;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.envelope.EnvelopeInference;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.server.protocol.torchserve.grpc.OpenInferenceGrpc;
import dev.sluice.server.protocol.torchserve.grpc.TorchServeGrpc;
import dev.sluice.server.transport.grpc.GrpcListenerConfig;
import dev.sluice.server.transport.grpc.GrpcTransport;
import dev.sluice.server.transport.grpc.GrpcTransportConfig;
import dev.sluice.server.transport.grpc.RequestMemory;
import dev.sluice.server.transport.grpc.ServiceHealth;
import dev.sluice.server.transport.http.CrossOrigin;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.HttpTransport;
import dev.sluice.server.transport.http.HttpTransportConfig;
import dev.sluice.server.transport.http.ListenerConfig;
import dev.sluice.server.transport.http.PooledBufferAllocator;
import dev.sluice.server.transport.http.RawClient;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelResolver;
import dev.sluice.serving.RegisterModel;
import dev.sluice.serving.ServingObserver;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The real core and the real transport around models that need no engine.
 *
 * <p>Locations it knows: {@code NAME.mar} for version 1.0 of a model whose handler is its name; {@code NAME-VERSION.mar} for
 * another version of it. All have two levels, the second being the default; the tenant is in {@code X-Team}.
 */
public final class FakeServer implements AutoCloseable {
    private final ExecutorService loadPool = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "load");
        thread.setDaemon(true);
        return thread;
    });
    private final FakeLoader loader;
    private final ModelAdmin admin;
    private final HttpTransport transport;
    private final GrpcTransport grpc;

    private final Queue<String> ended = new ConcurrentLinkedQueue<>();

    /** Written by tests. */
    private volatile AccessControl access = AccessControl.OPEN;

    /** Written by tests. */
    private volatile boolean ready = true;

    public FakeServer(boolean modelApiEnabled) {
        this(modelApiEnabled, HttpLimits.defaults().withMaxRequestBytes(4096));
    }

    public FakeServer(boolean modelApiEnabled, HttpLimits limits) {
        this(modelApiEnabled, limits, MemoryBudget.unlimited(), new MemoryLedger());
    }

    public FakeServer(boolean modelApiEnabled, HttpLimits limits, MemoryBudget budget, MemoryLedger ledger) {
        this(Setup.of(modelApiEnabled), limits, budget, ledger);
    }

    /** One that differs in what {@code setup} says. */
    public FakeServer(Setup setup) {
        this(setup, HttpLimits.defaults().withMaxRequestBytes(4096), MemoryBudget.unlimited(), new MemoryLedger());
    }

    /** What is not the same for all tests. */
    public record Setup(
            boolean modelApiEnabled,
            Optional<String> envelope,
            boolean openInference,
            boolean decodesInput,
            boolean standardAuthStatus,
            CrossOrigin crossOrigin,
            AccessControl access,
            boolean isShared) {
        public static Setup of(boolean modelApiEnabled) {
            return new Setup(
                    modelApiEnabled, Optional.empty(), false, true, false, CrossOrigin.NONE, AccessControl.OPEN, false);
        }

        public Setup withEnvelope(Optional<String> name) {
            return new Setup(
                    modelApiEnabled,
                    name,
                    openInference,
                    decodesInput,
                    standardAuthStatus,
                    crossOrigin,
                    access,
                    isShared);
        }

        public Setup withOpenInference(boolean on) {
            return new Setup(
                    modelApiEnabled, envelope, on, decodesInput, standardAuthStatus, crossOrigin, access, isShared);
        }

        public Setup withoutDecoding() {
            return new Setup(
                    modelApiEnabled, envelope, openInference, false, standardAuthStatus, crossOrigin, access, isShared);
        }

        public Setup guarded(AccessControl by, boolean standardStatus) {
            return new Setup(
                    modelApiEnabled, envelope, openInference, decodesInput, standardStatus, crossOrigin, by, isShared);
        }

        public Setup withCrossOrigin(CrossOrigin told) {
            return new Setup(
                    modelApiEnabled, envelope, openInference, decodesInput, standardAuthStatus, told, access, isShared);
        }

        /** One listener for predictions and management. */
        public Setup shared() {
            return new Setup(
                    modelApiEnabled,
                    envelope,
                    openInference,
                    decodesInput,
                    standardAuthStatus,
                    crossOrigin,
                    access,
                    true);
        }

        private TorchServeConfig config() {
            return new TorchServeConfig(
                    modelApiEnabled,
                    Optional.empty(),
                    Optional.of("X-Team"),
                    new WireConfig(envelope, decodesInput, 2048, openInference, WireConfig.SequenceHeaders.USUAL),
                    standardAuthStatus,
                    Set.of("plain"),
                    "1.2.3");
        }
    }

    private FakeServer(Setup setup, HttpLimits limits, MemoryBudget budget, MemoryLedger ledger) {
        BufferAllocator allocator = new ChargedAllocator(new PooledBufferAllocator(), budget, ledger);
        loader = new FakeLoader(allocator);
        ModelRegistry registry = new ModelRegistry();
        ModelLifecycle lifecycle = new ModelLifecycle(
                registry, loader, new Deaf(), Ticker.system(), InstantSource.system(), loadPool, Duration.ofSeconds(5));
        admin = new ModelAdmin(registry, lifecycle, new FakeResolver(), loadPool);
        InferenceService service = new InferenceService(registry, new Deaf(), Ticker.system());
        Inference predictions = EnvelopeInference.of(setup.envelope(), service::infer, allocator, loadPool);
        TorchServeProtocol protocol = new TorchServeProtocol(
                predictions, service::infer, admin, setup.config(), Ticker.system(), () -> true, () -> ready);
        transport = new HttpTransport(
                new HttpTransportConfig(listeners(setup.isShared()), limits, 1, true, setup.crossOrigin()),
                List.of(protocol),
                protocol.errors(),
                setup.access(),
                Ticker.system(),
                budget,
                ledger);
        transport.start();
        grpc = new GrpcTransport(
                new GrpcTransportConfig(
                        List.of(
                                new GrpcListenerConfig(
                                        Plane.INFERENCE, "127.0.0.1", 0, Optional.empty(), Optional.empty()),
                                new GrpcListenerConfig(
                                        Plane.MANAGEMENT, "127.0.0.1", 0, Optional.empty(), Optional.empty())),
                        limits.maxRequestBytes(),
                        Optional.empty()),
                List.of(
                        new TorchServeGrpc(
                                predictions,
                                admin,
                                protocol,
                                protocol.scheduling(),
                                new RequestMemory(new PooledBufferAllocator(), budget, ledger),
                                limits.maxRequestBytes(),
                                Ticker.system()),
                        new OpenInferenceGrpc(
                                service::infer,
                                admin,
                                protocol.scheduling(),
                                new RequestMemory(new PooledBufferAllocator(), budget, ledger),
                                () -> ready,
                                "1.2.3",
                                Ticker.system())),
                (plane, authorization) -> access.check(plane, authorization),
                new FakeHealth(),
                (plane, method, status, nanos) -> ended.add(plane + " " + method + " " + status),
                Ticker.system());
        grpc.start(transport.loops());
    }

    /** Asks {@code control} from now on who may call over gRPC. */
    public void guard(AccessControl control) {
        access = control;
    }

    /** Whether it says from now on that requests should be sent to it. */
    public void ready(boolean now) {
        ready = now;
    }

    /** Where gRPC of {@code plane} listens. */
    public InetSocketAddress grpcAddress(Plane plane) {
        return grpc.address(plane);
    }

    /** What the observer of gRPC has heard: plane, method and status of each call. */
    public Queue<String> endedCalls() {
        return ended;
    }

    /** Ends the gRPC side without a lame-duck period. */
    public CompletionStage<Boolean> drainGrpc(Duration timeout) {
        return grpc.drain(Duration.ZERO, timeout);
    }

    private final class FakeHealth implements ServiceHealth {
        @Override
        public boolean isServing() {
            return true;
        }

        @Override
        public Optional<Boolean> isServing(String model) {
            try {
                return Optional.of(
                        admin.describe(ModelRef.of(model)).instances().stream().anyMatch(InstanceStatus::ready));
            } catch (ServingException e) {
                return Optional.empty();
            }
        }
    }

    private static List<ListenerConfig> listeners(boolean isShared) {
        return isShared
                ? List.of(new ListenerConfig("127.0.0.1", 0, Set.of(Plane.INFERENCE, Plane.MANAGEMENT)))
                : List.of(
                        new ListenerConfig("127.0.0.1", 0, Set.of(Plane.INFERENCE)),
                        new ListenerConfig("127.0.0.1", 0, Set.of(Plane.MANAGEMENT)));
    }

    /** Registers what is at {@code location} with that many workers, and waits for them. */
    public FakeServer with(String location, int workers) {
        RegisterModel command = new RegisterModel(
                location,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                OptionalInt.of(workers),
                Optional.empty(),
                Optional.empty(),
                true,
                true);
        await(() -> admin.register(command)
                .thenCompose(ModelAdmin.Registration::ready)
                .handle((ready, failure) -> "")
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS));
        return this;
    }

    public RawClient client(Plane plane) {
        return new RawClient(transport.address(plane));
    }

    /** Requests waiting in the queue of the default version of {@code model}. */
    public int waiting(String model) {
        return admin.describe(ModelRef.of(model)).queue().waiting();
    }

    /** Whether an instance of the {@code held} handler has begun with a request. */
    public boolean isTaken(String model) {
        return waiting(model) == 0 && loader.permits.hasQueuedThreads();
    }

    /** Lets models of the {@code held} handler answer that many requests. */
    public void permit(int answers) {
        loader.permits.release(answers);
    }

    public int connectionCount() {
        return transport.connectionCount();
    }

    @Override
    public void close() {
        permit(1 << 20);
        grpc.close();
        transport.close();
        loadPool.shutdownNow();
    }

    private static void await(Callable<?> task) {
        try {
            task.call();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class FakeResolver implements ModelResolver {
        @Override
        public ModelSpec resolve(RegisterModel command) {
            String location = command.location();
            if (location.contains("..")) {
                throw new ServingException(
                        ErrorCode.SOURCE_NOT_FOUND, "Relative path is not allowed in url: " + location);
            }
            if (location.equals("garbage.mar")) {
                throw new ServingException(ErrorCode.INVALID_MODEL, "Missing Model entry in manifest file.");
            }
            if (!location.endsWith(".mar")) {
                throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "Model not found at: " + location);
            }
            String[] parts = location.substring(0, location.length() - 4).split("-", 2);
            String name = command.name().orElse(parts[0]);
            int workers = command.initialInstances().orElse(0);
            return new ModelSpec(
                    new ModelId(name, parts.length > 1 ? parts[1] : "1.0"),
                    location,
                    new ModelFiles(Path.of("/nowhere"), Optional.empty()),
                    Optional.empty(),
                    command.handler().orElse(parts[0]),
                    batching(parts[0], command),
                    new InstanceSpec(workers, workers),
                    new LimitSpec(
                            parts[0].equals("held") ? 1 : 100,
                            command.responseTimeout().orElse(Duration.ofMinutes(2)),
                            command.startupTimeout().orElse(Duration.ofMinutes(2))),
                    Map.of());
        }

        private static BatchSpec batching(String handler, RegisterModel command) {
            BatchSpec batching = new BatchSpec(
                            command.batchSize().orElse(1),
                            command.maxBatchDelay().orElse(Duration.ofMillis(100)))
                    .withPriorities(new PrioritySpec(2, 2, Duration.ofMinutes(1)));
            return handler.equals("sequences")
                    ? batching.withSequences(new SequenceSpec(4, 100, Duration.ofMinutes(1), Duration.ZERO))
                    : batching;
        }

        @Override
        public void discard(ModelSpec spec) {}
    }

    private static final class Deaf implements ServingObserver {
        @Override
        public void requestFinished(
                ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {}

        @Override
        public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {}
    }
}
