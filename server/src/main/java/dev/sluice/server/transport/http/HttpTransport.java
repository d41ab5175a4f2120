// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.TrafficObserver;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP listeners of the server and the threads behind them.
 *
 * <p><b>Threads:</b> {@link #start}, {@link #drain} and {@link #close} are called by one thread at a time; addresses may be
 * asked from any thread.
 */
public final class HttpTransport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpTransport.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /** Long enough to accept what the system has set up, on a machine that is busy. */
    private static final Duration LAST_ACCEPTS = Duration.ofMillis(200);

    private final HttpTransportConfig config;
    private final List<Site> sites;
    private final Ticker ticker;
    private final MemoryBudget budget;
    private final MemoryLedger ledger;
    private final Connections connections;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Written by {@link #start}. */
    private @Nullable EventLoops loops;

    /** One address and what is served there. */
    private record Site(ListenerConfig listener, Dispatcher dispatcher) {}

    /**
     * A transport that listens nowhere yet.
     *
     * @param unmatched words what goes wrong before a request's protocol is known
     * @param access who may call which endpoint
     * @param budget what bodies are charged to
     * @throws IllegalArgumentException if two endpoints of one listener take the same method of the same path
     */
    public HttpTransport(
            HttpTransportConfig config,
            List<Protocol> protocols,
            ErrorMapper unmatched,
            AccessControl access,
            Ticker ticker,
            MemoryBudget budget,
            MemoryLedger ledger) {
        this(config, protocols, unmatched, access, ticker, budget, ledger, TrafficObserver.NONE);
    }

    /** As the other one; {@code traffic} hears of answers, and of what no endpoint saw. */
    public HttpTransport(
            HttpTransportConfig config,
            List<Protocol> protocols,
            ErrorMapper unmatched,
            AccessControl access,
            Ticker ticker,
            MemoryBudget budget,
            MemoryLedger ledger,
            TrafficObserver traffic) {
        this.config = config;
        this.ticker = ticker;
        this.budget = budget;
        this.ledger = ledger;
        this.connections = new Connections(config.limits().maxConnections());
        this.sites = merged(config.listeners()).stream()
                .map(listener -> new Site(
                        listener,
                        new Dispatcher(
                                Router.of(protocols, listener.planes()),
                                unmatched,
                                access,
                                config.crossOrigin(),
                                traffic)))
                .toList();
    }

    private static List<ListenerConfig> merged(List<ListenerConfig> configured) {
        List<ListenerConfig> merged = new ArrayList<>();
        for (ListenerConfig listener : configured) {
            int twin = indexOfTwin(merged, listener);
            if (twin < 0) {
                merged.add(listener);
            } else {
                merged.set(twin, merged.get(twin).with(listener.planes()));
            }
        }
        return merged;
    }

    private static int indexOfTwin(List<ListenerConfig> merged, ListenerConfig listener) {
        for (int i = 0; i < merged.size(); i++) {
            ListenerConfig other = merged.get(i);
            if (isTwin(other, listener)) {
                if (other.tls().isPresent() != listener.tls().isPresent()) {
                    throw new ServingException(
                            ErrorCode.INVALID_INPUT,
                            listener.host() + ":" + listener.port()
                                    + " is to speak TLS and plain text (expected: one of them, or two ports)");
                }
                return i;
            }
        }
        return -1;
    }

    private static boolean isTwin(ListenerConfig one, ListenerConfig other) {
        if (one.socketFile().isPresent() || other.socketFile().isPresent()) {
            return one.socketFile()
                    .map(Path::normalize)
                    .equals(other.socketFile().map(Path::normalize));
        }
        // Port 0 is another port each time.
        return one.port() != 0
                && new InetSocketAddress(one.host(), one.port())
                        .equals(new InetSocketAddress(other.host(), other.port()));
    }

    /**
     * Listens on every address.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} naming the address that cannot be listened on; then it listens on
     *     none
     */
    public void start() {
        EventLoops started = EventLoops.start(config.eventLoopThreads(), config.useNativeIo());
        loops = started;
        try {
            for (Site site : sites) {
                Listener listener = Listener.bind(
                        site.listener(),
                        site.dispatcher(),
                        new Listener.Setup(started, config.limits(), ticker, connections, budget, ledger));
                listeners.add(listener);
                LOG.info("Listening on {} for {}", listener.url(), listener.planes());
            }
        } catch (ServingException e) {
            close();
            throw e;
        }
    }

    /**
     * The threads, for other transports to share.
     *
     * @throws IllegalStateException before {@link #start}
     */
    public EventLoops loops() {
        EventLoops started = loops;
        if (started == null) {
            throw new IllegalStateException("the transport has not been started");
        }
        return started;
    }

    /** Where it listens, in the order configured; with the real port where 0 was asked for. */
    public List<String> addresses() {
        return listeners.stream().map(Listener::url).toList();
    }

    /** Where {@code plane} is served: {@code http://host:port}, {@code https://host:port} or {@code unix:/path}. */
    public String url(Plane plane) {
        return listener(plane).url();
    }

    /** The port {@code plane} is served at. */
    public InetSocketAddress address(Plane plane) {
        return listener(plane)
                .address()
                .orElseThrow(() -> new IllegalArgumentException(
                        "plane: " + plane + " is at " + url(plane) + " (expected: one that has a port)"));
    }

    private Listener listener(Plane plane) {
        return listeners.stream()
                .filter(listener -> listener.planes().contains(plane))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "plane: " + plane + " (expected: one of a listener that has started)"));
    }

    /** Connections now open. */
    public int connectionCount() {
        return connections.count();
    }

    /**
     * Ends service without dropping a request. At once, each answer becomes the last of its connection and says so. After
     * {@code lameDuck}, during which routers notice and new connections are still served, nothing more is accepted, and
     * connections without a request are closed. Requests that have been read, even in part, are answered.
     *
     * <p>A connection the system has set up but nobody has accepted when the listener closes is reset by the system. On Linux
     * a filter keeps new ones out for a moment before, in which all are accepted that are there; elsewhere some clients may be
     * unlucky, and the lame-duck period is what makes them few.
     *
     * @param timeout how long after the lame-duck period requests may take; then connections are cut
     * @return completes when no connection is left: with true if all of them ended by themselves, false if some were cut
     */
    public CompletionStage<Boolean> drain(Duration lameDuck, Duration timeout) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        EventLoops started = loops;
        if (started == null) {
            result.complete(true);
            return result;
        }
        connections.startDraining();
        Future<?> unused = started.acceptor()
                .schedule(() -> turnAway(started, timeout, result), lameDuck.toMillis(), TimeUnit.MILLISECONDS);
        return result;
    }

    private void turnAway(EventLoops started, Duration timeout, CompletableFuture<Boolean> result) {
        listeners.forEach(Listener::turnAway);
        Future<?> unused = started.acceptor()
                .schedule(() -> leave(started, timeout, result), LAST_ACCEPTS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void leave(EventLoops started, Duration timeout, CompletableFuture<Boolean> result) {
        listeners.forEach(Listener::close);
        CompletableFuture<?>[] closed = listeners.stream().map(Listener::closed).toArray(CompletableFuture[]::new);
        CompletableFuture<?> gone = CompletableFuture.allOf(closed).thenCompose(none -> connections.leave());
        Future<?> patience =
                started.acceptor().schedule(() -> cutOff(timeout, result), timeout.toMillis(), TimeUnit.MILLISECONDS);
        CompletableFuture<?> unused = gone.thenRun(() -> {
            patience.cancel(false);
            result.complete(true);
        });
    }

    private void cutOff(Duration timeout, CompletableFuture<Boolean> result) {
        if (result.complete(false)) {
            LOG.warn("{} connections cut: still busy after {}", connections.count(), timeout);
            connections.cutAll();
        }
    }

    /** Closes listeners and connections as they are, and ends the threads. */
    @Override
    public void close() {
        listeners.forEach(Listener::close);
        connections.cutAll();
        EventLoops started = loops;
        if (started != null) {
            started.stop(STOP_TIMEOUT);
        }
    }
}
