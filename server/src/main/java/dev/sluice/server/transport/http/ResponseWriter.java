// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.server.protocol.TrafficObserver;
import dev.sluice.server.transport.AccessLog;
import dev.sluice.tensor.DataBuffer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the answers of one connection, and releases each body once its bytes have left, or will never leave.
 *
 * <p><b>Threads:</b> confined to the connection's event loop, but for {@link #execute} and {@link #inEventLoop}.
 */
final class ResponseWriter {
    private static final Logger LOG = LoggerFactory.getLogger(ResponseWriter.class);

    private static final SocketAddress NO_ADDRESS = new DomainSocketAddress("unix:");

    private final HttpConnection connection;
    private final Channel channel;
    private final Ticker ticker;
    private final int maxUnsentBytes;
    private final SocketAddress remote;
    private final TrafficObserver traffic;

    /** Written by the event loop: whether the answer being streamed is the last one. */
    private boolean lastStream;

    /** Written by the event loop: whether the answer being streamed has no body to send. */
    private boolean bodilessStream;

    ResponseWriter(
            HttpConnection connection, Channel channel, Ticker ticker, int maxUnsentBytes, TrafficObserver traffic) {
        this.connection = connection;
        this.channel = channel;
        this.ticker = ticker;
        this.maxUnsentBytes = maxUnsentBytes;
        // Clients of a Unix socket have no address.
        this.remote = channel.remoteAddress() instanceof InetSocketAddress address ? address : NO_ADDRESS;
        this.traffic = traffic;
    }

    boolean inEventLoop() {
        return channel.eventLoop().inEventLoop();
    }

    /**
     * Runs {@code task} on the event loop.
     *
     * @throws RejectedExecutionException if that has ended
     */
    void execute(Runnable task) {
        channel.eventLoop().execute(task);
    }

    /** A whole answer; owns its body. */
    void write(Exchange exchange, RestResponse response) {
        boolean last = connection.isLast(exchange) || Responses.saysClose(response);
        FullHttpResponse message;
        try {
            message = Responses.full(exchange.line(), response, last);
        } catch (IllegalArgumentException e) {
            LOG.error("An answer to {} cannot be sent", exchange.line().uri(), e);
            message = Responses.broken();
            last = true;
        }
        log(exchange, message.status().code());
        writeOwning(message, response.body());
        connection.answered(last);
    }

    /** The head of an answer in chunks; owns its body, the first chunk. */
    void writeHead(Exchange exchange, RestResponse head) {
        lastStream = connection.isLast(exchange)
                || Responses.saysClose(head)
                || !exchange.line().isChunkable();
        HttpResponse message;
        try {
            bodilessStream = Responses.isBodiless(exchange.line(), head);
            message = Responses.head(exchange.line(), head, lastStream);
        } catch (IllegalArgumentException e) {
            LOG.error("An answer to {} cannot be sent", exchange.line().uri(), e);
            head.body().release();
            exchange.breakOff();
            return;
        }
        log(exchange, message.status().code());
        ChannelFuture unused = channel.writeAndFlush(message);
        writeChunk(exchange, head.body());
    }

    /** More of the answer; owns {@code data}. A client that does not keep up loses its stream, not the server's memory. */
    void writeChunk(Exchange exchange, DataBuffer data) {
        if (data.size() == 0 || bodilessStream) {
            data.release();
        } else if (connection.unsentBytes() + data.size() > maxUnsentBytes) {
            data.release();
            LOG.info(
                    "Stream {} broken off: its client leaves more than {} bytes unread", exchange.id(), maxUnsentBytes);
            exchange.breakOff();
        } else {
            writeOwning(new DefaultHttpContent(BufferBridge.toByteBuf(data)), data);
        }
    }

    /** The end of the answer in chunks. */
    void writeEnd(Exchange exchange) {
        if (!bodilessStream) {
            ChannelFuture unused = channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        connection.answered(lastStream);
    }

    private void writeOwning(Object message, DataBuffer body) {
        int size = body.size();
        channel.writeAndFlush(message).addListener(done -> {
            body.release();
            connection.written(size);
        });
    }

    private void log(Exchange exchange, int status) {
        RequestLine line = exchange.line();
        long nanos = ticker.nanos() - exchange.receivedNanos();
        AccessLog.http(remote, line.method(), line.uri(), line.version(), status, nanos);
        traffic.answered(status);
    }
}
