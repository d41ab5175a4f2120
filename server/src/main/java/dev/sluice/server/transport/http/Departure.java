// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The end of a connection, when the server is the one to end it. Closing a socket that has unread input makes the system
 * tear the connection down, and the client may lose an answer it has not read yet; so the sending half is closed first, and
 * the rest when the client has closed its own, or took too long.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 */
final class Departure {
    /** A connection without a request for this long, after everybody was told to leave, gets none any more. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    private final HttpConnection connection;
    private final Channel channel;
    private final Duration lingerTimeout;

    /** Written by the event loop. */
    private boolean begun;

    Departure(HttpConnection connection, Channel channel, Duration lingerTimeout) {
        this.connection = connection;
        this.channel = channel;
        this.lingerTimeout = lingerTimeout;
    }

    /** Whether the last answer has been written. */
    boolean hasBegun() {
        return begun;
    }

    /** The last answer has been written; ends the connection once it has left. */
    void afterLastAnswer() {
        begun = true;
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> {
            if (sent.isSuccess() && channel instanceof DuplexChannel duplex) {
                endTls().addListener(said -> duplex.shutdownOutput().addListener(shut -> linger()));
            } else {
                connection.cut();
            }
        });
    }

    /** Says that nothing more comes, without which a client has to take the end for a cut. */
    private Future<?> endTls() {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        return tls == null ? channel.newSucceededFuture() : tls.closeOutbound();
    }

    private void linger() {
        Future<?> unused = channel.eventLoop().schedule(connection::cut, lingerTimeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Closes the connection when there has been no request on it for a while. */
    void whenQuiet() {
        if (!channel.isActive() || begun) {
            return;
        }
        if (connection.isQuiet() && connection.quietNanos() >= QUIET.toNanos()) {
            connection.cut();
        } else {
            Future<?> unused =
                    channel.eventLoop().schedule(this::whenQuiet, QUIET.toMillis() / 2, TimeUnit.MILLISECONDS);
        }
    }
}
