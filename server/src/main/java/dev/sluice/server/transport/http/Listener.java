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
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * One bound address, and how the connections it accepts are set up.
 *
 * @param planes whose endpoints are reachable there
 */
record Listener(Set<Plane> planes, Channel channel) {
    private static final int BACKLOG = 1024;

    /** Everything connections share. */
    record Setup(
            EventLoops loops,
            HttpLimits limits,
            Ticker ticker,
            Connections connections,
            MemoryBudget budget,
            MemoryLedger ledger) {}

    /**
     * Listens on {@code address}.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} naming the address, if that cannot be
     */
    static Listener bind(InetSocketAddress address, Set<Plane> planes, Dispatcher dispatcher, Setup setup) {
        ChannelFuture bound = new ServerBootstrap()
                .group(setup.loops().acceptor(), setup.loops().workers())
                .channel(setup.loops().channelType())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .handler(doorkeeper(setup.connections()))
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(initializer(dispatcher, setup))
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    "Cannot listen on " + address.getHostString() + ":" + address.getPort() + ": "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        return new Listener(planes, bound.channel());
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

    private static ChannelHandler initializer(Dispatcher dispatcher, Setup setup) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                RequestDecoder decoder = new RequestDecoder(setup.limits(), setup.ticker());
                channel.pipeline()
                        .addLast(new FlushConsolidationHandler(
                                FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, false))
                        .addLast(decoder)
                        .addLast(new HttpResponseEncoder())
                        .addLast(new HttpConnection(
                                channel,
                                decoder,
                                dispatcher,
                                setup.limits(),
                                setup.ticker(),
                                setup.connections(),
                                setup.budget(),
                                setup.ledger()));
            }
        };
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Has the system set up no more connections; those that are set up are still accepted. */
    void turnAway() {
        Doorstop.put(channel);
    }

    /** Accepts no more. */
    void close() {
        ChannelFuture unused = channel.close();
    }

    /** Completes when it accepts no more. */
    CompletableFuture<Void> closed() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        channel.closeFuture().addListener(done -> closed.complete(null));
        return closed;
    }
}
