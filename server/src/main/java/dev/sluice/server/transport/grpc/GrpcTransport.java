// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.GrpcProtocol;
import dev.sluice.server.protocol.GrpcService;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.EventLoops;
import dev.sluice.server.transport.tls.TlsContext;
import dev.sluice.server.transport.tls.TlsMaterial;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gRPC listeners of the server, one for each plane that has one.
 *
 * <p><b>Threads:</b> {@link #start}, {@link #drain} and {@link #close} are called by one thread at a time; addresses may be
 * asked from any thread.
 */
public final class GrpcTransport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcTransport.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /** A peer that does not answer a ping within the second time is gone; the first is how long it may be silent before. */
    private static final Duration SILENCE = Duration.ofMinutes(1);

    private static final Duration PING_TIMEOUT = Duration.ofSeconds(20);

    /** Clients may ping as often as this, with or without a call under way: balancers and phones do. */
    private static final Duration CLIENT_PINGS = Duration.ofSeconds(10);

    private static final Duration HANDSHAKE = Duration.ofSeconds(20);

    /** Each may have a message under way before the budget knows of it. */
    private static final int MOST_CALLS_OF_A_CONNECTION = 256;

    /** Clients that begin calls only to give them up at once keep a server busy with nothing. */
    private static final int MOST_CALLS_GIVEN_UP = 10_000;

    private static final Duration GIVEN_UP_WITHIN = Duration.ofSeconds(10);

    /** How soon those who watch the health learn of a change. */
    private static final Duration HEALTH_LOOKS = Duration.ofMillis(500);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private final GrpcTransportConfig config;
    private final List<GrpcProtocol> protocols;
    private final AccessControl access;
    private final CallObserver observer;
    private final Ticker ticker;
    private final HealthCalls health;
    private final Map<Plane, Server> servers = new ConcurrentHashMap<>();

    /** Written by {@link #start}. */
    private @Nullable EventLoops loops;

    /**
     * A transport that listens nowhere yet.
     *
     * @param access who may call what is not open to everybody
     * @param health what the health service says
     */
    public GrpcTransport(
            GrpcTransportConfig config,
            List<GrpcProtocol> protocols,
            AccessControl access,
            ServiceHealth health,
            CallObserver observer,
            Ticker ticker) {
        this.config = config;
        this.protocols = List.copyOf(protocols);
        this.access = access;
        this.observer = observer;
        this.ticker = ticker;
        this.health = new HealthCalls(
                health,
                protocols.stream()
                        .flatMap(protocol -> protocol.services().stream())
                        .map(service ->
                                service.definition().getServiceDescriptor().getName())
                        .collect(Collectors.toUnmodifiableSet()));
    }

    /**
     * Listens on every address.
     *
     * @param shared go on running until after {@link #close}
     * @throws ServingException {@code FAILED_PRECONDITION} naming the address that cannot be listened on; then it listens on
     *     none
     */
    public void start(EventLoops shared) {
        loops = shared;
        try {
            for (GrpcListenerConfig listener : config.listeners()) {
                servers.put(listener.plane(), listening(listener, shared));
                LOG.info("Listening on {} for gRPC of {}", address(listener.plane()), listener.plane());
            }
        } catch (ServingException e) {
            close();
            throw e;
        }
        Future<?> unused = shared.acceptor()
                .scheduleWithFixedDelay(
                        health::look, HEALTH_LOOKS.toMillis(), HEALTH_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private Server listening(GrpcListenerConfig listener, EventLoops shared) {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(listener.host(), listener.port()))
                .bossEventLoopGroup(shared.acceptor())
                .workerEventLoopGroup(shared.workers())
                .channelType(shared.portType())
                .directExecutor()
                .maxInboundMessageSize(config.maxMessageBytes())
                .maxConcurrentCallsPerConnection(MOST_CALLS_OF_A_CONNECTION)
                .maxRstFramesPerWindow(MOST_CALLS_GIVEN_UP, (int) GIVEN_UP_WITHIN.toSeconds())
                .handshakeTimeout(HANDSHAKE.toSeconds(), TimeUnit.SECONDS)
                .keepAliveTime(SILENCE.toSeconds(), TimeUnit.SECONDS)
                .keepAliveTimeout(PING_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .permitKeepAliveTime(CLIENT_PINGS.toSeconds(), TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true);
        config.tls().ifPresent(material -> builder.sslContext(sslContext(material)));
        listener.maxAge().ifPresent(age -> builder.maxConnectionAge(age.toMillis(), TimeUnit.MILLISECONDS));
        listener.maxAgeGrace()
                .ifPresent(grace -> builder.maxConnectionAgeGrace(grace.toMillis(), TimeUnit.MILLISECONDS));
        protocols.stream()
                .flatMap(protocol -> protocol.services().stream())
                .filter(service -> service.plane() == listener.plane())
                .forEach(service -> builder.addService(intercepted(service)));
        // Both say nothing that is not public: the one is for balancers, which have no token, the other tells of open
        // source.
        builder.addService(health.bindService());
        builder.addService(ProtoReflectionServiceV1.newInstance());
        builder.addService(olderReflection());
        try {
            return builder.build().start();
        } catch (IOException e) {
            Throwable why = e.getCause() == null ? e : e.getCause();
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    "Cannot listen on " + listener.host() + ":" + listener.port() + " for gRPC: " + why.getMessage(),
                    e);
        }
    }

    private static SslContext sslContext(TlsMaterial material) {
        try {
            return GrpcSslContexts.configure(TlsContext.server(material), SslProvider.JDK)
                    .build();
        } catch (SSLException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "The server's key and certificate cannot be used: " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("deprecation") // Clients that know only this one are still about.
    private static BindableService olderReflection() {
        return ProtoReflectionService.newInstance();
    }

    /** Those who are not let in are not written of, as in the original. */
    private ServerServiceDefinition intercepted(GrpcService service) {
        ServerServiceDefinition logged =
                ServerInterceptors.intercept(service.definition(), new CallLog(service.plane(), observer, ticker));
        return service.open()
                ? logged
                : ServerInterceptors.intercept(logged, new AccessInterceptor(access, service.plane()));
    }

    /** Where {@code plane} is served, with the real port where 0 was asked for. */
    public InetSocketAddress address(Plane plane) {
        Server server = servers.get(plane);
        if (server == null) {
            throw new IllegalArgumentException("plane: " + plane + " (expected: one of a listener that has started)");
        }
        return (InetSocketAddress) server.getListenSockets().get(0);
    }

    /**
     * Ends service without dropping a call. After {@code lameDuck}, during which routers notice and new connections are still
     * served, nothing more is accepted and clients are told to go; calls under way end by themselves.
     *
     * @param timeout how long after the lame-duck period calls may take; then they are cut
     * @return completes when no call is left: with true if all of them ended by themselves, false if some were cut
     */
    public CompletionStage<Boolean> drain(Duration lameDuck, Duration timeout) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        EventLoops started = loops;
        if (started == null) {
            result.complete(true);
            return result;
        }
        later(started, lameDuck, () -> {
            servers.values().forEach(Server::shutdown);
            protocols.forEach(GrpcProtocol::startDraining);
            health.leave();
            awaitEnd(started, ticker.nanos() + timeout.toNanos(), result);
        });
        return result;
    }

    private void awaitEnd(EventLoops started, long endNanos, CompletableFuture<Boolean> result) {
        if (servers.values().stream().allMatch(Server::isTerminated)) {
            result.complete(true);
        } else if (ticker.nanos() - endNanos >= 0) {
            LOG.warn("Calls over gRPC cut: still busy at the end of the time for draining");
            servers.values().forEach(Server::shutdownNow);
            result.complete(false);
        } else {
            later(started, LOOK_AGAIN, () -> awaitEnd(started, endNanos, result));
        }
    }

    private static void later(EventLoops started, Duration delay, Runnable task) {
        Future<?> unused = started.acceptor().schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Closes listeners and calls as they are. */
    @Override
    public void close() {
        servers.values().forEach(Server::shutdownNow);
        try {
            for (Server server : servers.values()) {
                if (!server.awaitTermination(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                    LOG.warn("A gRPC listener did not end within {}", STOP_TIMEOUT);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
