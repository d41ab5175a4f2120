// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.server.cli.RunningServer;
import dev.sluice.server.cli.ServerLauncher;
import dev.sluice.server.config.LogsConfig;
import dev.sluice.server.config.SavedSettings;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.enginepack.EnginePacks;
import dev.sluice.server.logging.LogSetup;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.repository.Capabilities;
import dev.sluice.server.snapshot.SnapshotSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ties a server to the life of this process: a signal to stop (SIGTERM, Ctrl-C) drains it, and the process then ends with
 * exit code 0.
 */
final class ProcessLauncher implements ServerLauncher {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessLauncher.class);

    /** Added to what draining may take, for freeing models and deleting files. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final String version;

    ProcessLauncher(String version) {
        this.version = version;
    }

    @Override
    public void configureLog(LogsConfig config, Optional<Path> file) {
        LogSetup.apply(config, file);
    }

    @Override
    public SavedSettings savedSettings() {
        return new SnapshotSettings();
    }

    @Override
    public Capabilities capabilities(ServerConfig config) {
        return InstalledCapabilities.of(EnginePacks.find(config.engines()));
    }

    @Override
    public RunningServer start(ServerConfig config) {
        ServerApp app = new ServerApp(config, version);
        Duration limit = config.drain().delay().plus(config.drain().timeout()).plus(GRACE);
        Hooked server = new Hooked(app, limit);
        // Before it starts: loading models can take minutes, in which a signal must find something to stop.
        Runtime.getRuntime().addShutdownHook(new Thread(server::stopProcess, "shutdown"));
        try {
            app.start();
            return server;
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    private static final class Hooked implements RunningServer {
        private final ServerApp app;
        private final Duration limit;
        private final AtomicBoolean closed = new AtomicBoolean();

        Hooked(ServerApp app, Duration limit) {
            this.app = app;
            this.limit = limit;
        }

        @Override
        public Map<Plane, String> addresses() {
            return app.addresses();
        }

        @Override
        public Map<Plane, String> grpcAddresses() {
            return app.grpcAddresses();
        }

        @Override
        public void awaitStop() {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                app.close();
            }
        }

        /**
         * The shutdown hook. A process that dies of a signal exits with 128 + its number, which supervisors count as a
         * failure; having drained in good order is none, hence {@code halt(0)}, which a hook may call. A server that was
         * closed before the process exits leaves the exit code alone.
         */
        private void stopProcess() {
            if (!closed.compareAndSet(false, true)) {
                LogSetup.flush();
                return;
            }
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(app::close, task -> {
                Thread closer = new Thread(task, "close");
                closer.setDaemon(true);
                closer.start();
            });
            int code = 0;
            try {
                stopped.get(limit.toMillis(), TimeUnit.MILLISECONDS);
                LOG.info("Stopped");
            } catch (Exception e) {
                LOG.error("Stopping did not end in good order within {}", limit, e);
                code = 1;
            }
            LogSetup.flush();
            Runtime.getRuntime().halt(code);
        }
    }
}
