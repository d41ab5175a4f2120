// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A Maven repository on a free port of this machine, with answers of one's choice. */
final class FakeRepository implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    FakeRepository(HttpHandler handler) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI().toString());
            try (exchange) {
                handler.handle(exchange);
            }
        });
        server.start();
    }

    /** One that gives the files of a directory. */
    static FakeRepository of(Path directory) throws IOException {
        return new FakeRepository(exchange -> give(exchange, directory));
    }

    static void give(HttpExchange exchange, Path directory) throws IOException {
        Path file = directory.resolve(exchange.getRequestURI().getPath().replaceFirst("^/maven/", ""));
        if (!Files.isRegularFile(file)) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        exchange.sendResponseHeaders(200, Files.size(file));
        try (OutputStream body = exchange.getResponseBody()) {
            Files.copy(file, body);
        }
    }

    static void redirect(HttpExchange exchange, String location) throws IOException {
        exchange.getResponseHeaders().add("location", location);
        exchange.sendResponseHeaders(302, -1);
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/maven";
    }

    /** Paths that were asked for, in order. */
    List<String> asked() {
        return asked;
    }

    ArtifactSources sources() {
        return ArtifactSources.of(Optional.of(address()), Path.of("absent"), Path.of(""));
    }

    static ArtifactSources folder(Path directory) {
        return ArtifactSources.of(Optional.of(directory.toString()), Path.of("absent"), Path.of(""));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
