// SPDX-License-Identifier: Apache-2.0
package dev.sluice.memory;

import dev.sluice.engine.CatalogModelLoader;
import dev.sluice.engine.ChargedAllocator;
import dev.sluice.engine.EngineCatalog;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.handler.BaseHandlerProvider;
import dev.sluice.engine.onnxruntime.OnnxRuntimeProvider;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.metrics.ServerMetrics;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.TorchServeConfig;
import dev.sluice.server.protocol.torchserve.TorchServeProtocol;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.HttpTransport;
import dev.sluice.server.transport.http.HttpTransportConfig;
import dev.sluice.server.transport.http.ListenerConfig;
import dev.sluice.server.transport.http.PooledBufferAllocator;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelResolver;
import dev.sluice.serving.RegisterModel;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The digits model on ONNX Runtime behind the real transport, in this process. */
final class DigitsServer implements AutoCloseable {
    private static final ModelId MODEL = new ModelId("digits", "1.0");

    private final MemoryBudget budget = new MemoryBudget(64 << 20);
    private final MemoryLedger ledger = new MemoryLedger();
    private final @Nullable Running running;

    /** What has to be stopped. */
    private record Running(
            HttpTransport transport,
            ModelLifecycle lifecycle,
            EngineCatalog engines,
            ExecutorService pool,
            ServerMetrics metrics) {}

    private DigitsServer(@Nullable Path cache, int batch) throws Exception {
        running = cache == null ? null : run(cache, batch);
    }

    static DigitsServer none() {
        try {
            return new DigitsServer(null, 0);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Serves batches of exactly {@code batch} requests. */
    static DigitsServer start(Path cache, int batch) throws Exception {
        return new DigitsServer(cache, batch);
    }

    private Running run(Path cache, int batch) throws Exception {
        ChargedAllocator allocator = new ChargedAllocator(new PooledBufferAllocator(), budget, ledger);
        ExecutorService pool = Executors.newCachedThreadPool();
        ModelRegistry registry = new ModelRegistry();
        ServerMetrics metrics = new ServerMetrics(registry, "test");
        EngineCatalog engines = new EngineCatalog(
                List.of(new OnnxRuntimeProvider()), id -> new EngineSettings(Optional.empty(), cache, 1, allocator));
        ModelLifecycle lifecycle = new ModelLifecycle(
                registry,
                new CatalogModelLoader(engines, List.of(new BaseHandlerProvider()), new HandlerContext(allocator)),
                metrics,
                Ticker.system(),
                InstantSource.system(),
                pool,
                Duration.ofSeconds(5));
        lifecycle.add(spec(batch)).toCompletableFuture().get(60, TimeUnit.SECONDS);
        lifecycle.scale(MODEL, new InstanceSpec(1, 1)).toCompletableFuture().get(60, TimeUnit.SECONDS);
        TorchServeProtocol protocol = new TorchServeProtocol(
                new InferenceService(registry, metrics, Ticker.system()),
                new ModelAdmin(registry, lifecycle, new NoModels(), pool),
                new TorchServeConfig(false, Optional.empty(), Optional.empty()),
                Ticker.system());
        HttpTransport transport = new HttpTransport(
                new HttpTransportConfig(
                        List.of(new ListenerConfig("127.0.0.1", 0, Set.of(Plane.INFERENCE))),
                        HttpLimits.defaults(),
                        1,
                        true),
                List.of(protocol),
                protocol.errors(),
                AccessControl.OPEN,
                Ticker.system(),
                budget,
                ledger);
        transport.start();
        return new Running(transport, lifecycle, engines, pool, metrics);
    }

    private static ModelSpec spec(int batch) {
        return new ModelSpec(
                MODEL,
                "digits",
                new ModelFiles(Path.of("models/digits").toAbsolutePath(), Optional.of("digits.onnx")),
                Optional.of("onnxruntime"),
                "base_handler",
                new BatchSpec(batch, Duration.ofSeconds(batch > 1 ? 60 : 0)),
                new InstanceSpec(1, 1),
                new LimitSpec(10, Duration.ofMinutes(2), Duration.ofMinutes(2)),
                Map.of());
    }

    /** Sends the request on a connection of its own; the body of the answer, which must be 200. */
    String ask(byte[] request) throws IOException {
        InetSocketAddress address = running().transport().address(Plane.INFERENCE);
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request);
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            String length = head.toString().toLowerCase(Locale.ROOT).split("content-length: ", 2)[1];
            byte[] body = in.readNBytes(Integer.parseInt(length.substring(0, length.indexOf('\r'))));
            String text = new String(body, StandardCharsets.UTF_8);
            if (!head.toString().startsWith("HTTP/1.1 200")) {
                throw new IOException(head + text);
            }
            return text;
        }
    }

    private Running running() {
        if (running == null) {
            throw new IllegalStateException("not started");
        }
        return running;
    }

    long reserved() {
        return budget.reserved();
    }

    long copies(CopyReason reason) {
        return ledger.copies(reason);
    }

    long leaks() {
        return ledger.leaks();
    }

    @Override
    public void close() {
        if (running != null) {
            running.transport().close();
            running.lifecycle()
                    .removeAll()
                    .toCompletableFuture()
                    .orTimeout(30, TimeUnit.SECONDS)
                    .join();
            running.engines().close();
            running.pool().shutdownNow();
            running.metrics().close();
        }
    }

    private static final class NoModels implements ModelResolver {
        @Override
        public ModelSpec resolve(RegisterModel command) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void discard(ModelSpec spec) {}
    }
}
