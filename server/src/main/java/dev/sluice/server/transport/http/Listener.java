// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Plane;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * One bound address, and how the connections it accepts are set up.
 *
 * @param config what is served there, and how
 * @param socketFile the name it has if it is a Unix socket
 */
record Listener(ListenerConfig config, Channel channel, Optional<SocketFile> socketFile) {
    private static final int BACKLOG = 1024;

    /** How long a client gets to take the end of TLS before the connection ends without. */
    private static final Duration CLOSE_NOTIFY = Duration.ofMillis(500);

    /** Everything connections share. */
    record Setup(
            EventLoops loops,
            HttpLimits limits,
            Ticker ticker,
            Connections connections,
            MemoryBudget budget,
            MemoryLedger ledger) {}

    /**
     * Listens on the address of {@code config}.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} naming the address, if that cannot be
     */
    static Listener bind(ListenerConfig config, Dispatcher dispatcher, Setup setup) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(setup.loops().acceptor(), setup.loops().workers())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .handler(doorkeeper(setup.connections()))
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(initializer(config.tls(), dispatcher, setup));
        return config.socketFile().isPresent()
                ? bindSocket(config, config.socketFile().get(), bootstrap, setup.loops())
                : bindPort(config, bootstrap, setup.loops());
    }

    private static Listener bindPort(ListenerConfig config, ServerBootstrap bootstrap, EventLoops loops) {
        ChannelFuture bound = bootstrap
                .channel(loops.portType())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .bind(new InetSocketAddress(config.host(), config.port()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw cannotListen(config.host() + ":" + config.port(), bound.cause());
        }
        return new Listener(config, bound.channel(), Optional.empty());
    }

    private static Listener bindSocket(ListenerConfig config, Path path, ServerBootstrap bootstrap, EventLoops loops) {
        SocketFile file;
        try {
            file = SocketFile.claim(path);
        } catch (IOException | UnsupportedOperationException e) {
            throw cannotListen("unix:" + path, e);
        }
        ChannelFuture bound = bootstrap
                .channel(loops.socketType())
                .bind(loops.socketAddress(file.bindPath()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            file.remove();
            throw cannotListen("unix:" + path, bound.cause());
        }
        try {
            file.publish();
        } catch (IOException e) {
            ChannelFuture unused = bound.channel().close();
            file.remove();
            throw cannotListen("unix:" + path, e);
        }
        return new Listener(config, bound.channel(), Optional.of(file));
    }

    private static ServingException cannotListen(String address, Throwable cause) {
        return new ServingException(
                ErrorCode.FAILED_PRECONDITION, "Cannot listen on " + address + ": " + reason(cause), cause);
    }

    /** The JDK names the file alone for what can go wrong with one. */
    private static String reason(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return cause instanceof FileSystemException && !(cause instanceof FileAlreadyExistsException)
                ? cause.getClass().getSimpleName() + " " + message
                : message;
    }

    /** Counts connections as they are accepted, before any other loop knows of them, so that none is ever overlooked. */
    private static ChannelHandler doorkeeper(Connections connections) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object accepted) {
                Channel child = (Channel) accepted;
                if (connections.admit()) {
                    child.closeFuture().addListener(closed -> connections.left());
                    context.fireChannelRead(child);
                } else {
                    child.unsafe().closeForcibly();
                }
            }
        };
    }

    private static ChannelHandler initializer(Optional<SslContext> tls, Dispatcher dispatcher, Setup setup) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                RequestDecoder decoder = new RequestDecoder(setup.limits(), setup.ticker());
                HttpConnection connection = new HttpConnection(
                        channel,
                        decoder,
                        dispatcher,
                        setup.limits(),
                        setup.ticker(),
                        setup.connections(),
                        setup.budget(),
                        setup.ledger());
                channel.pipeline()
                        .addLast(new FlushConsolidationHandler(
                                FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, false));
                tls.ifPresent(context -> addTls(channel, context, setup.limits(), connection));
                channel.pipeline()
                        .addLast(decoder)
                        .addLast(new HttpResponseEncoder())
                        .addLast(connection);
            }
        };
    }

    /** The time for headers is the time for the handshake, too: whoever says nothing gets no longer. */
    private static void addTls(Channel channel, SslContext context, HttpLimits limits, HttpConnection connection) {
        SslHandler tls = context.newHandler(channel.alloc());
        tls.setHandshakeTimeoutMillis(limits.headerTimeout().toMillis());
        tls.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY.toMillis());
        channel.pipeline().addLast(new PlainTextGuard(tls, connection)).addLast(tls);
    }

    Set<Plane> planes() {
        return config.planes();
    }

    /** {@code http://host:port} with the real port, {@code https://host:port} or {@code unix:/path}. */
    String url() {
        return socketFile
                .map(SocketFile::toString)
                .orElseGet(() -> (config.tls().isPresent() ? "https://" : "http://")
                        + NetUtil.toSocketAddressString((InetSocketAddress) channel.localAddress()));
    }

    /** Where it listens, if that is no Unix socket. */
    Optional<InetSocketAddress> address() {
        return channel.localAddress() instanceof InetSocketAddress address ? Optional.of(address) : Optional.empty();
    }

    /** Has the system set up no more connections; those that are set up are still accepted. */
    void turnAway() {
        Doorstop.put(channel);
        socketFile.ifPresent(SocketFile::remove);
    }

    /** Accepts no more. */
    void close() {
        socketFile.ifPresent(SocketFile::remove);
        ChannelFuture unused = channel.close();
    }

    /** Completes when it accepts no more. */
    CompletableFuture<Void> closed() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        channel.closeFuture().addListener(done -> closed.complete(null));
        return closed;
    }
}
