// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: reads requests, and has them answered one after another in the order they came. A request waits for the
 * answer of the one before it, since a client that sends both at once may count on their order.
 *
 * <pre>
 *   bytes ─► RequestDecoder ─► RequestAssembler ─► waiting ─► Dispatcher ─► endpoint
 *                                                                              │
 *   bytes ◄────────────────────── ResponseWriter ◄─────────── Exchange ◄───────┘
 * </pre>
 *
 * <p><b>Threads:</b> confined to its event loop.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

    private final Channel channel;
    private final Dispatcher dispatcher;
    private final HttpLimits limits;
    private final Ticker ticker;
    private final Connections connections;
    private final RequestDecoder decoder;
    private final RequestAssembler assembler;
    private final ResponseWriter writer;
    private final Watchdog watchdog;
    private final Departure departure;
    private final Deque<Incoming> waiting = new ArrayDeque<>();

    /** Written by the event loop: bytes of the bodies that wait. */
    private long waitingBytes;

    /** Written by the event loop: the request being answered. */
    private @Nullable Exchange current;

    /** Written by the event loop: whether {@link #advance} is on the stack. */
    private boolean advancing;

    /** Written by the event loop: whether what is still read is thrown away. */
    private boolean deaf;

    /** Written by the event loop: whether the client was told to go on with its body. */
    private boolean continued;

    /** Written by the event loop: bytes of answers that have left, heads aside. */
    private long takenBytes;

    /** Written by the event loop: when the last answer was written, or the connection was opened. */
    private long activeNanos;

    HttpConnection(
            Channel channel,
            RequestDecoder decoder,
            Dispatcher dispatcher,
            HttpLimits limits,
            Ticker ticker,
            Connections connections,
            MemoryBudget budget,
            MemoryLedger ledger) {
        this.channel = channel;
        this.decoder = decoder;
        this.dispatcher = dispatcher;
        this.limits = limits;
        this.ticker = ticker;
        this.connections = connections;
        this.assembler = new RequestAssembler(limits, ticker, channel.alloc(), budget, ledger);
        this.writer = new ResponseWriter(this, channel, ticker, limits.maxUnsentBytes(), dispatcher.traffic());
        this.watchdog = new Watchdog(this, channel, limits, ticker);
        this.departure = new Departure(this, channel, limits.lingerTimeout());
        this.activeNanos = ticker.nanos();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        activeNanos = ticker.nanos();
        connections.opened(this);
        watchdog.start();
        if (connections.isLeaving()) {
            departure.whenQuiet();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (deaf || !channel.isActive()) {
            ReferenceCountUtil.release(message);
            return;
        }
        Incoming incoming = assembler.offer((HttpObject) message);
        if (incoming == null) {
            continueIfDue();
        } else {
            take(incoming);
        }
    }

    private void take(Incoming incoming) {
        continued = false;
        deaf = incoming instanceof Incoming.Refused refused && refused.isLast();
        waiting.add(incoming);
        waitingBytes += sizeOf(incoming);
        advance();
        if (waiting.size() >= limits.maxPipelined() || waitingBytes > limits.maxRequestBytes()) {
            channel.config().setAutoRead(false);
        }
    }

    /** Answers what waits. Endpoints that answer at once come back here from within, so this is a loop. */
    private void advance() {
        if (advancing) {
            return;
        }
        advancing = true;
        try {
            while (current == null && !departure.hasBegun() && !waiting.isEmpty() && !isClogged()) {
                Incoming next = waiting.remove();
                waitingBytes -= sizeOf(next);
                Exchange exchange = new Exchange(
                        this,
                        writer,
                        RequestLine.of(next.head()),
                        next.receivedNanos(),
                        next instanceof Incoming.Refused refused && refused.isLast());
                current = exchange;
                dispatcher.dispatch(next, exchange);
            }
        } finally {
            advancing = false;
        }
        continueIfDue();
        if (waiting.isEmpty() && !channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    /** Whether the client leaves so much unread that its next requests have to wait until it has taken some. */
    private boolean isClogged() {
        return unsentBytes() >= limits.maxUnsentBytes();
    }

    private static long sizeOf(Incoming incoming) {
        return incoming instanceof Incoming.Whole whole ? whole.body().size() : 0;
    }

    /** Tells a client that asks whether to send its body to do so, once it is the next to be answered. */
    private void continueIfDue() {
        if (!continued && current == null && waiting.isEmpty() && assembler.expectsContinue()) {
            continued = true;
            ChannelFuture unused = channel.writeAndFlush(
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    /** Whether the answer to {@code exchange} is the last one: the client or the limits want it, or the server is leaving. */
    boolean isLast(Exchange exchange) {
        boolean moreRead = !waiting.isEmpty() || assembler.isMidBody() || decoder.isMidRequest();
        return !exchange.line().keepAlive() || exchange.isLastOfConnection() || (connections.isDraining() && !moreRead);
    }

    /** The current request has been answered; {@code last} if the client was told that there will be no more. */
    void answered(boolean last) {
        current = null;
        activeNanos = ticker.nanos();
        if (last) {
            deaf = true;
            dropWaiting();
            assembler.close();
            departure.afterLastAnswer();
        } else {
            advance();
        }
    }

    /** A message with {@code bytes} bytes of an answer has left. */
    void written(int bytes) {
        takenBytes += bytes;
        activeNanos = ticker.nanos();
        advance();
        if (current == null && !waiting.isEmpty() && isClogged()) {
            // Netty tells of a write before it takes its bytes off what is pending, and might not tell of another.
            channel.eventLoop().execute(this::advance);
        }
    }

    /** The client is too slow in sending what it has begun. */
    void refuseSlow(String detail) {
        if (assembler.isSkipping()) {
            // It has its answer.
            cut();
        } else {
            take(assembler.refuse(Rejection.TIMED_OUT, detail));
        }
    }

    /** Whether a request is being answered or waits for that. */
    boolean isAnswering() {
        return current != null || !waiting.isEmpty();
    }

    /** Whether there is no part of a request or answer anywhere. */
    boolean isQuiet() {
        return !isAnswering() && !assembler.isMidBody() && !decoder.isMidRequest() && unsentBytes() == 0;
    }

    boolean isLeaving() {
        return departure.hasBegun();
    }

    /** Bytes written that the client has not taken. */
    long unsentBytes() {
        var unsent = channel.unsafe().outboundBuffer();
        // What has gone of the message now being written still counts as pending there.
        return unsent == null ? 0 : Math.max(0, unsent.totalPendingWriteBytes() - unsent.currentProgress());
    }

    /** Bytes of answers the client has taken so far, give or take a head. */
    long takenBytes() {
        var unsent = channel.unsafe().outboundBuffer();
        return unsent == null ? takenBytes : takenBytes + unsent.currentProgress();
    }

    long activeNanos() {
        return activeNanos;
    }

    /** How long ago the last answer was written. */
    long quietNanos() {
        return ticker.nanos() - activeNanos;
    }

    RequestDecoder decoder() {
        return decoder;
    }

    RequestAssembler assembler() {
        return assembler;
    }

    /** Asks the connection to close when nothing goes on. From any thread. */
    void leave() {
        channel.eventLoop().execute(departure::whenQuiet);
    }

    /** Closes the connection as it is. From any thread. */
    void cut() {
        ChannelFuture unused = channel.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        deaf = true;
        if (current != null) {
            current.cancellation().cancel();
        }
        dropWaiting();
        assembler.close();
        connections.closed(this);
    }

    private void dropWaiting() {
        for (Incoming dropped = waiting.poll(); dropped != null; dropped = waiting.poll()) {
            if (dropped instanceof Incoming.Whole whole) {
                whole.body().release();
            }
        }
        waitingBytes = 0;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("Connection {} failed", channel, cause);
        cut();
    }
}
