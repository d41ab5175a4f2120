// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The threads that move bytes: one that accepts, and those the connections are spread over.
 *
 * @param isEpoll whether they are Linux's own, or those of the JDK
 */
public record EventLoops(EventLoopGroup acceptor, EventLoopGroup workers, boolean isEpoll) {
    static EventLoops start(int threads, boolean useNativeIo) {
        boolean epoll = useNativeIo && Epoll.isAvailable();
        int count = threads > 0 ? threads : Math.max(2, Runtime.getRuntime().availableProcessors() / 2);
        return new EventLoops(group(1, "http-accept", epoll), group(count, "http", epoll), epoll);
    }

    /** What listens on ports. */
    public Class<? extends ServerChannel> portType() {
        return isEpoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    /** What listens on Unix sockets. */
    Class<? extends ServerChannel> socketType() {
        return isEpoll ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class;
    }

    /** The address of a Unix socket as {@link #socketType} wants it. */
    SocketAddress socketAddress(Path file) {
        return isEpoll ? new DomainSocketAddress(file.toString()) : UnixDomainSocketAddress.of(file);
    }

    private static EventLoopGroup group(int threads, String name, boolean epoll) {
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), io);
    }

    /** Ends the threads; waits for them at most {@code timeout}. */
    void stop(Duration timeout) {
        long millis = timeout.toMillis();
        var acceptorDone = acceptor.shutdownGracefully(0, millis, TimeUnit.MILLISECONDS);
        var workersDone = workers.shutdownGracefully(0, millis, TimeUnit.MILLISECONDS);
        acceptorDone.awaitUninterruptibly(millis);
        workersDone.awaitUninterruptibly(millis);
    }
}
