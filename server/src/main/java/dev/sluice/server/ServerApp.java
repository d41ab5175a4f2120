// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.CatalogModelLoader;
import dev.sluice.engine.ChargedAllocator;
import dev.sluice.engine.EngineCatalog;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.TokenizerCatalog;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.MemoryWatch;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.config.DrainConfig;
import dev.sluice.server.config.ProcessEnvironment;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.enginepack.EnginePacks;
import dev.sluice.server.health.HealthProtocol;
import dev.sluice.server.health.Readiness;
import dev.sluice.server.javahandler.JavaHandlerLoader;
import dev.sluice.server.metrics.MetricsProtocol;
import dev.sluice.server.metrics.ProcessMemory;
import dev.sluice.server.protocol.GrpcProtocol;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.torchserve.TorchServeProtocol;
import dev.sluice.server.protocol.torchserve.envelope.EnvelopeChoice;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.server.protocol.torchserve.envelope.NewSequences;
import dev.sluice.server.protocol.torchserve.envelope.TensorsAsText;
import dev.sluice.server.protocol.torchserve.grpc.OpenInferenceGrpc;
import dev.sluice.server.protocol.torchserve.grpc.TorchServeGrpc;
import dev.sluice.server.repository.Capabilities;
import dev.sluice.server.repository.ModelStore;
import dev.sluice.server.repository.StartupModels;
import dev.sluice.server.repository.WorkDirectory;
import dev.sluice.server.repository.download.ModelDownloads;
import dev.sluice.server.repository.download.S3Credentials;
import dev.sluice.server.snapshot.SavedModels;
import dev.sluice.server.transport.grpc.GrpcTransportConfig;
import dev.sluice.server.transport.grpc.RequestMemory;
import dev.sluice.server.transport.http.HttpTransport;
import dev.sluice.server.transport.http.HttpTransportConfig;
import dev.sluice.server.transport.http.PooledBufferAllocator;
import dev.sluice.serving.CompositeLoader;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelJournal;
import dev.sluice.serving.RegisterModel;
import dev.sluice.serving.ServingObserver;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One server: every part of it, made here by hand and handed to the parts that need it.
 *
 * <p><b>Threads:</b> made and started by one thread; closed by any, any number of times.
 */
public final class ServerApp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerApp.class);

    /** What ending takes after everything has been answered. */
    private static final Duration MARGIN = Duration.ofSeconds(2);

    private final DrainConfig drain;
    private final WorkDirectory work;
    private final ExecutorService loadPool;
    private final ExecutorService envelopeThreads;
    private final ExecutorService scrapeThread;
    private final Observation observation;
    private final EngineCatalog engines;
    private final PythonSetup python;
    private final ModelLifecycle lifecycle;
    private final ModelAdmin admin;
    private final AccessSetup access;
    private final Readiness readiness;
    private final boolean failFast;
    private final HttpTransport transport;
    private final GrpcSide grpc;
    private final Set<Plane> planes;
    private final SavedModels saved;
    private final List<RegisterModel> startupModels;

    /** Written by the thread that starts the server. */
    private volatile boolean listening;

    /** Written under the lock of this by whoever closes first. */
    private boolean closed;

    /** All parts, connected; nothing listens and nothing is loaded yet. */
    ServerApp(ServerConfig config, String version) {
        int processors = Runtime.getRuntime().availableProcessors();
        Ticker ticker = Ticker.system();
        MemoryBudget budget = new MemoryBudget(config.memoryBudget());
        MemoryLedger ledger = new MemoryLedger();
        PooledBufferAllocator pool = new PooledBufferAllocator();
        BufferAllocator allocator = new ChargedAllocator(pool, budget, ledger);
        drain = config.drain();
        // What can refuse its configuration comes first, while nothing is there to be given back.
        EnginePacks packs = EnginePacks.find(config.engines());
        LOG.info("Engines: {}", packs.summary());
        HttpTransportConfig http =
                Listeners.of(config.listeners(), config.tls(), RestWiring.crossOrigin(config.cors()));
        Optional<GrpcTransportConfig> rpc = GrpcSide.config(config);
        access = AccessSetup.of(config);
        saved = SavedModels.open(config.snapshots(), InstantSource.system());
        work = WorkDirectory.below(config.workParent());
        loadPool = Executors.newFixedThreadPool(Math.max(2, processors), daemons("load-"));
        loadPool.execute(work::deleteAbandoned);
        envelopeThreads = Executors.newFixedThreadPool(Math.max(2, processors / 2), daemons("envelope-"));
        scrapeThread = Executors.newSingleThreadExecutor(daemons("scrape-"));

        ModelRegistry registry = new ModelRegistry();
        observation = new Observation(config.metrics(), registry, version, daemons("observe-"));
        ServingObserver observer = observation.observer();
        observation.metrics().watch(budget, ledger, pool::usedDirectMemory);

        Function<String, EngineSettings> settings = id -> packs.settings(id, work.directory("cache"), allocator);
        engines = new EngineCatalog(packs.providers(), settings, packs.absent());
        TokenizerCatalog tokenizers = new TokenizerCatalog(packs.tokenizers(), settings);
        List<HandlerProvider> handlers = InstalledCapabilities.handlers();
        Map<String, String> variables = ProcessEnvironment.variables();
        Capabilities capabilities =
                InstalledCapabilities.of(packs, handlers).withCards(PythonSetup.cards(config, variables));
        startupModels = saved.newlyListed(
                StartupModels.of(config.models(), capabilities), StartupModels.isAll(config.models()));
        InferenceService inference = new InferenceService(registry, observer, ticker);
        HandlerContext context = new HandlerContext(allocator, tokenizers, observation.handlerMetrics());
        CompositeLoader loader = new CompositeLoader(
                new JavaHandlerLoader(
                        new CatalogModelLoader(
                                engines, handlers, context, config.engines().cards()),
                        config.javaHandlers()),
                inference);
        python = PythonSetup.of(
                config, work, variables, context, new WorkerLog(ticker, observation.workerMetrics()), loader);

        lifecycle = new ModelLifecycle(
                registry,
                python.loader(),
                observer,
                ticker,
                InstantSource.system(),
                loadPool,
                drain.timeout(),
                new MemoryWatch(new ProcessMemory(), observer));
        ModelStore store = new ModelStore(
                config.models(),
                capabilities,
                work,
                processors,
                Optional.of(ModelDownloads.of(config.downloads(), S3Credentials.of(variables))));
        admin = new ModelAdmin(registry, lifecycle, store, loadPool, saved.journal(), saved.models());

        Function<ModelRef, ModelSpec> specs = ref -> registry.find(ref).spec();
        Inference predictions = new EnvelopeChoice(
                config.wire().envelope(),
                specs,
                new NewSequences(config.wire().sequenceHeaders()),
                inference::infer,
                allocator,
                envelopeThreads);
        readiness = new Readiness(admin::list, config.readiness());
        failFast = config.readiness().failFast();
        TorchServeProtocol torchServe = new TorchServeProtocol(
                predictions,
                inference::infer,
                admin,
                RestWiring.protocol(config, handlers, version, observation.workerMemory()::of),
                ticker,
                readiness::isWhole,
                () -> readiness.ready().ok());
        List<Protocol> protocols = new ArrayList<>(List.of(
                torchServe, new MetricsProtocol(observation.page(), scrapeThread), new HealthProtocol(readiness)));
        protocols.addAll(access.protocols(torchServe.errors()));
        planes = http.listeners().stream()
                .flatMap(listener -> listener.planes().stream())
                .collect(Collectors.toUnmodifiableSet());
        transport = new HttpTransport(
                http, protocols, torchServe.errors(), access.control(), ticker, budget, ledger, observation.traffic());
        GrpcTraffic traffic = new GrpcTraffic(observation.traffic());
        RequestMemory requests = new RequestMemory(pool, budget, ledger);
        List<GrpcProtocol> calls = new ArrayList<>(List.of(new TorchServeGrpc(
                predictions,
                admin,
                torchServe,
                torchServe.scheduling(),
                requests,
                config.wire().maxResponseBytes(),
                ticker)));
        if (config.wire().openInference()) {
            calls.add(new OpenInferenceGrpc(
                    new TensorsAsText(config.wire().envelope(), specs, inference::infer, envelopeThreads),
                    admin,
                    torchServe.scheduling(),
                    requests,
                    () -> readiness.ready().ok(),
                    version,
                    ticker));
        }
        grpc = new GrpcSide(
                rpc, calls, traffic.watching(access.control()), new ModelsHealth(admin, readiness), traffic, ticker);
    }

    /**
     * Binds the listeners, then loads the models the server starts with.
     *
     * @throws dev.sluice.inference.ServingException if a listener cannot be bound, or a model not be loaded that it is not to
     *     start without
     */
    void start() {
        bind();
        access.publish();
        listening = true;
        observation.start(readiness, transport::connectionCount);
        List<String> failed = new StartupLoading(admin).run(saved.models(), startupModels);
        if (failFast && !failed.isEmpty()) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "fail_fast: " + failed.size() + " of "
                            + (saved.models().versions().count() + startupModels.size()) + " models did not load: "
                            + String.join(", ", failed) + ". The log says why.");
        }
        readiness.startupFinished(failed);
    }

    private void bind() {
        try {
            transport.start();
        } catch (ServingException e) {
            throw new ServingException(
                    e.code(),
                    e.safeMessage() + ". Stop what listens there, or choose another address with --set"
                            + " inference_address=http://HOST:PORT, management_address or metrics_address.",
                    e);
        }
        grpc.start(transport.loops());
    }

    /** The base URL of each plane that is served, with the port it was given. */
    public Map<Plane, String> addresses() {
        Map<Plane, String> urls = new EnumMap<>(Plane.class);
        planes.forEach(plane -> urls.put(plane, transport.url(plane)));
        return urls;
    }

    /** Where gRPC of each plane is served, as {@code host:port}; empty if it is not. */
    public Map<Plane, String> grpcAddresses() {
        return grpc.addresses();
    }

    /** Stops in the order requests flow: no new ones, answer those there are, free the models, then what they ran on. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        step("draining connections", this::drainConnections);
        step("writing the last snapshot", this::writeShutdown);
        step(
                "unloading models",
                () -> await(lifecycle.removeAll(), drain.timeout().plus(MARGIN)));
        step("closing gRPC listeners", grpc::close);
        step("closing listeners", transport::close);
        step("removing the key file", access::close);
        step("ending workers", python::close);
        step("closing engines", engines::close);
        step("ending threads", loadPool::shutdownNow);
        step("ending threads", envelopeThreads::shutdownNow);
        step("ending threads", scrapeThread::shutdownNow);
        step("closing the metrics", observation::close);
        step("deleting the work directory", work::close);
        step("closing the snapshots", saved::close);
    }

    private void drainConnections() throws ExecutionException, TimeoutException, InterruptedException {
        readiness.draining();
        CompletableFuture.delayedExecutor(drain.delay().toMillis(), TimeUnit.MILLISECONDS)
                .execute(readiness::stopped);
        if (listening) {
            Duration limit = drain.delay().plus(drain.timeout()).plus(MARGIN);
            CompletionStage<?> calls = grpc.drain(drain.delay(), drain.timeout());
            await(transport.drain(drain.delay(), drain.timeout()).thenCombine(calls, (http, rpc) -> http), limit);
        }
    }

    private void writeShutdown() throws ExecutionException, TimeoutException, InterruptedException {
        if (listening) {
            await(admin.write(ModelJournal.Occasion.SHUTDOWN), MARGIN);
        }
    }

    private static void await(CompletionStage<?> stage, Duration limit)
            throws ExecutionException, TimeoutException, InterruptedException {
        Object unused = stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** One step of stopping: whatever happens in it, the next one follows. */
    private interface Step {
        void run() throws ExecutionException, IOException, TimeoutException, InterruptedException;
    }

    private static void step(String what, Step step) {
        try {
            step.run();
        } catch (ExecutionException | IOException | TimeoutException | RuntimeException e) {
            LOG.warn("Stopping: {} did not end in good order", what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ThreadFactory daemons(String prefix) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
