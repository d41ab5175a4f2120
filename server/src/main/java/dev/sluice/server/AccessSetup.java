// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.server.access.TokenProtocol;
import dev.sluice.server.access.Tokens;
import dev.sluice.server.config.BindAddress;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Protocol;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may call this server: everybody, or whoever has one of its tokens.
 *
 * <p><b>Threads:</b> made and closed by the threads of {@link ServerApp}; what it hands out is safe from any.
 */
final class AccessSetup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessSetup.class);

    private final Optional<Tokens> tokens;

    /** One thread while there is something to write, none otherwise. */
    private final ExecutorService executor =
            new ThreadPoolExecutor(0, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(task, "tokens");
                thread.setDaemon(true);
                return thread;
            });

    private AccessSetup(Optional<Tokens> tokens) {
        this.tokens = tokens;
    }

    /** What {@code config} says; nobody knows the tokens yet. */
    static AccessSetup of(ServerConfig config) {
        if (config.tokens().disabled()) {
            warnOfExposure(config);
            return new AccessSetup(Optional.empty());
        }
        return new AccessSetup(Optional.of(Tokens.issue(config.tokens(), InstantSource.system())));
    }

    /**
     * Writes the key file. To be called by a server that listens: one that found its port taken must not replace the file of
     * the server that has it.
     *
     * @throws dev.sluice.inference.ServingException {@code FAILED_PRECONDITION} if it cannot be written safely
     */
    void publish() {
        tokens.ifPresent(issued -> {
            issued.publish();
            LOG.info("Callers need a token; those of this server are in {}", issued.keyFile());
        });
    }

    private static void warnOfExposure(ServerConfig config) {
        Stream<BindAddress> rest =
                Stream.of(config.listeners().inference(), config.listeners().management());
        Stream<BindAddress> grpc =
                config.grpc().stream().flatMap(both -> Stream.of(both.inference(), both.management()));
        List<String> exposed = Stream.concat(rest, grpc)
                .filter(address -> !address.isLoopback())
                .map(BindAddress::toString)
                .distinct()
                .toList();
        if (!exposed.isEmpty()) {
            LOG.warn(
                    "Tokens are switched off, and {} can be reached from other machines: whoever reaches it may call it",
                    String.join(", ", exposed));
        }
    }

    AccessControl control() {
        return tokens.<AccessControl>map(issued -> issued).orElse(AccessControl.OPEN);
    }

    /** The endpoint that renews tokens; none without tokens. */
    List<Protocol> protocols(ErrorMapper errors) {
        return tokens.<Protocol>map(issued -> new TokenProtocol(issued, errors, executor)).stream()
                .toList();
    }

    @Override
    public void close() {
        executor.shutdownNow();
        tokens.ifPresent(Tokens::close);
    }
}
