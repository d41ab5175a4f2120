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
import dev.sluice.server.config.BindAddress;
import dev.sluice.server.config.DrainConfig;
import dev.sluice.server.config.ListenersConfig;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.enginepack.EnginePacks;
import dev.sluice.server.javahandler.JavaHandlerLoader;
import dev.sluice.server.metrics.MetricsProtocol;
import dev.sluice.server.metrics.ProcessMemory;
import dev.sluice.server.metrics.ServerMetrics;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.TorchServeConfig;
import dev.sluice.server.protocol.torchserve.TorchServeProtocol;
import dev.sluice.server.repository.Capabilities;
import dev.sluice.server.repository.ModelStore;
import dev.sluice.server.repository.StartupModels;
import dev.sluice.server.repository.WorkDirectory;
import dev.sluice.server.snapshot.SavedModels;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.HttpTransport;
import dev.sluice.server.transport.http.HttpTransportConfig;
import dev.sluice.server.transport.http.ListenerConfig;
import dev.sluice.server.transport.http.PooledBufferAllocator;
import dev.sluice.serving.CompositeLoader;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelJournal;
import dev.sluice.serving.RegisterModel;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
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
    private final ExecutorService scrapeThread;
    private final ServerMetrics metrics;
    private final EngineCatalog engines;
    private final ModelLifecycle lifecycle;
    private final ModelAdmin admin;
    private final HttpTransport transport;
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
        saved = SavedModels.open(config.snapshots(), InstantSource.system());
        work = WorkDirectory.below(config.workParent());
        loadPool = Executors.newFixedThreadPool(Math.max(2, processors), daemons("load-"));
        loadPool.execute(work::deleteAbandoned);
        scrapeThread = Executors.newSingleThreadExecutor(daemons("scrape-"));

        ModelRegistry registry = new ModelRegistry();
        metrics = new ServerMetrics(registry, version);
        metrics.watch(budget, ledger, pool::usedDirectMemory);

        Function<String, EngineSettings> settings = id -> packs.settings(id, work.directory("cache"), allocator);
        engines = new EngineCatalog(packs.providers(), settings, packs.absent());
        TokenizerCatalog tokenizers = new TokenizerCatalog(packs.tokenizers(), settings);
        List<HandlerProvider> handlers = ServiceLoader.load(HandlerProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        Capabilities capabilities = capabilities(engines, packs, handlers);
        startupModels = saved.newlyListed(
                StartupModels.of(config.models(), capabilities), StartupModels.isAll(config.models()));
        InferenceService inference = new InferenceService(registry, metrics, ticker);
        CompositeLoader loader = new CompositeLoader(
                new JavaHandlerLoader(
                        new CatalogModelLoader(
                                engines,
                                handlers,
                                new HandlerContext(allocator, tokenizers),
                                config.engines().cards()),
                        config.javaHandlers()),
                inference);

        lifecycle = new ModelLifecycle(
                registry,
                loader,
                metrics,
                ticker,
                InstantSource.system(),
                loadPool,
                drain.timeout(),
                new MemoryWatch(new ProcessMemory(), metrics));
        ModelStore store = new ModelStore(config.models(), capabilities, work, processors);
        admin = new ModelAdmin(registry, lifecycle, store, loadPool, saved.journal(), saved.models());

        TorchServeConfig wire = new TorchServeConfig(
                config.admin().modelApi(), Optional.empty(), config.tenants().header());
        TorchServeProtocol torchServe = new TorchServeProtocol(inference, admin, wire, ticker);
        MetricsProtocol prometheus = new MetricsProtocol(metrics::scrape, scrapeThread);
        HttpTransportConfig http = transportConfig(config.listeners());
        planes = http.listeners().stream()
                .flatMap(listener -> listener.planes().stream())
                .collect(Collectors.toUnmodifiableSet());
        transport = new HttpTransport(
                http, List.of(torchServe, prometheus), torchServe.errors(), AccessControl.OPEN, ticker, budget, ledger);
    }

    private static Capabilities capabilities(EngineCatalog engines, EnginePacks packs, List<HandlerProvider> handlers) {
        Set<String> names = new HashSet<>(Set.of(CompositeLoader.HANDLER));
        handlers.forEach(handler -> names.addAll(handler.names()));
        return new Capabilities(engines.fileSuffixes(), names, packs.absent()::file);
    }

    /**
     * Binds the listeners, then loads the models the server starts with.
     *
     * @throws dev.sluice.inference.ServingException if a listener cannot be bound
     */
    void start() {
        bind();
        listening = true;
        new StartupLoading(admin).run(saved.models(), startupModels);
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
    }

    /** The base URL of each plane that is served, with the port it was given. */
    public Map<Plane, String> addresses() {
        Map<Plane, String> urls = new EnumMap<>(Plane.class);
        planes.forEach(plane -> urls.put(plane, "http://" + BindAddress.of(transport.address(plane))));
        return urls;
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
        step("closing listeners", transport::close);
        step("closing engines", engines::close);
        step("ending threads", loadPool::shutdownNow);
        step("ending threads", scrapeThread::shutdownNow);
        step("closing the metrics", metrics::close);
        step("deleting the work directory", work::close);
        step("closing the snapshots", saved::close);
    }

    private void drainConnections() throws ExecutionException, TimeoutException, InterruptedException {
        if (listening) {
            Duration limit = drain.delay().plus(drain.timeout()).plus(MARGIN);
            await(transport.drain(drain.delay(), drain.timeout()), limit);
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

    private static HttpTransportConfig transportConfig(ListenersConfig config) {
        List<ListenerConfig> listeners = new ArrayList<>();
        listeners.add(listener(config.inference(), Plane.INFERENCE));
        listeners.add(listener(config.management(), Plane.MANAGEMENT));
        config.metrics().ifPresent(address -> listeners.add(listener(address, Plane.METRICS)));
        return new HttpTransportConfig(
                listeners,
                HttpLimits.defaults().withMaxRequestBytes(config.maxRequestBytes()),
                config.eventLoopThreads(),
                config.nativeTransport());
    }

    private static ListenerConfig listener(BindAddress address, Plane plane) {
        if (address.tls() || address.socketFile().isPresent()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, address.url() + " cannot be listened on (expected: http://HOST:PORT)");
        }
        return new ListenerConfig(address.host(), address.port(), Set.of(plane));
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
