// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pieces of one connection's requests together, within the limits.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 */
final class RequestAssembler {
    /** Largest body that is read only to get past it. */
    private static final int MOST_SKIPPED = 64 << 10;

    private final ByteBufAllocator allocator;
    private final HttpLimits limits;
    private final Ticker ticker;
    private final MemoryBudget budget;
    private final BodyBuffer body;

    /** Written by the event loop: head of the request whose body is being read. */
    private @Nullable HttpRequest head;

    /** Written by the event loop: when {@link #head} was read. */
    private long headNanos;

    /** Written by the event loop: whether the body of {@link #head}, which was refused, is read only to get past it. */
    private boolean skipping;

    /** Written by the event loop: what expands the body of {@link #head}; null if it is not compressed. */
    private @Nullable BodyInflater inflater;

    /** Written by the event loop, once: why no request is taken at all; null for no reason. */
    private @Nullable Rejection refusingAll;

    /** Written by the event loop: bytes skipped of that body. */
    private int skipped;

    RequestAssembler(
            HttpLimits limits, Ticker ticker, ByteBufAllocator allocator, MemoryBudget budget, MemoryLedger ledger) {
        this.allocator = allocator;
        this.limits = limits;
        this.ticker = ticker;
        this.budget = budget;
        this.body = new BodyBuffer(allocator, budget, ledger);
    }

    /**
     * Takes the next piece.
     *
     * <p><b>Ownership:</b> takes {@code piece}, always.
     *
     * @return what became whole, or is refused, with it; null if more pieces must come. Nothing may be offered after a refusal
     *     that is the last
     */
    @Nullable
    Incoming offer(HttpObject piece) {
        if (skipping && piece instanceof HttpContent content) {
            skip(content);
            return null;
        }
        Incoming refusal = brokenBy(piece);
        if (piece instanceof HttpRequest request && refusal == null) {
            head = request;
            headNanos = ticker.nanos();
            refusal = refusalOf(request);
        }
        if (piece instanceof HttpContent content) {
            return refusal == null ? append(content) : drop(content, refusal);
        }
        return refusal;
    }

    private @Nullable Incoming brokenBy(HttpObject piece) {
        DecoderResult result = piece.decoderResult();
        if (result.isSuccess()) {
            return null;
        }
        HttpRequest broken = head;
        if (result.cause() instanceof TooLongFrameException) {
            return refuse(
                    broken,
                    Rejection.HEAD_TOO_LARGE,
                    "request line or headers exceed the limit of " + limits.maxRequestLineBytes() + " or "
                            + limits.maxHeaderBytes() + " bytes");
        }
        return refuse(broken, Rejection.MALFORMED, "");
    }

    /** Refuses every request from now on. */
    void refuseAll(Rejection reason) {
        refusingAll = reason;
    }

    private @Nullable Incoming refusalOf(HttpRequest request) {
        if (refusingAll != null) {
            return refuse(request, refusingAll, "");
        }
        if (request.protocolVersion().majorVersion() != 1) {
            return refuse(
                    request, Rejection.MALFORMED, "version: " + request.protocolVersion() + " (expected: HTTP/1.1)");
        }
        if (request.headers().size() > limits.maxHeaders()) {
            return refuse(
                    request,
                    Rejection.HEAD_TOO_LARGE,
                    "headers: " + request.headers().size() + " (expected: at most " + limits.maxHeaders() + ")");
        }
        String encoding = request.headers().get(HttpHeaderNames.CONTENT_ENCODING, BodyInflater.IDENTITY);
        if (!BodyInflater.knows(encoding)) {
            return refuse(
                    request,
                    Rejection.UNSUPPORTED_ENCODING,
                    "content-encoding: " + encoding + " (expected: gzip, deflate or identity)");
        }
        inflater = BodyInflater.of(encoding, allocator).orElse(null);
        long announced = HttpUtil.getContentLength(request, 0L);
        if (announced > most()) {
            return tooLarge(request, announced + " bytes");
        }
        if (inflater != null || HttpUtil.isTransferEncodingChunked(request)) {
            return body.startUnknown() ? null : noMemory(request, "body: of unknown size");
        }
        return body.start((int) announced) ? null : refuseBody(request, (int) announced);
    }

    private long most() {
        return Math.min(limits.maxRequestBytes(), budget.requestLimit());
    }

    private @Nullable Incoming append(HttpContent content) {
        HttpRequest request = head;
        if (request == null) {
            return drop(content, tooLarge(null, "more than " + body.size() + " bytes"));
        }
        boolean last = content instanceof LastHttpContent;
        Incoming refusal = inflater == null
                ? appendPiece(request, content.content())
                : appendExpanded(request, inflater, content.content(), last);
        if (refusal != null || !last) {
            return refusal;
        }
        head = null;
        if (inflater != null) {
            inflater.close();
            inflater = null;
            request.headers().remove(HttpHeaderNames.CONTENT_ENCODING);
        }
        return new Incoming.Whole(request, body.finish(), ticker.nanos());
    }

    /** Takes the count of {@code piece}, always. */
    private @Nullable Incoming appendPiece(HttpRequest request, ByteBuf piece) {
        int more = piece.readableBytes();
        if ((long) body.size() + more > most()) {
            piece.release();
            return tooLarge(request, "more than " + body.size() + " bytes");
        }
        if (!body.reserveFor(more)) {
            piece.release();
            return noMemory(request, "body: more than " + body.size() + " bytes");
        }
        body.append(piece);
        return null;
    }

    /** The limits hold for what comes out, looked at piece by piece: a small body may stand for a very large one. */
    private @Nullable Incoming appendExpanded(
            HttpRequest request, BodyInflater expanding, ByteBuf compressed, boolean last) {
        try {
            while (true) {
                ByteBuf piece = expanding.next(compressed);
                if (piece == null) {
                    break;
                }
                Incoming refusal = appendPiece(request, piece);
                if (refusal != null) {
                    return refusal;
                }
            }
            return last && !expanding.isWhole()
                    ? refuse(request, Rejection.MALFORMED, "body: ends before its compressed content does")
                    : null;
        } catch (DecoderException e) {
            return refuse(request, Rejection.MALFORMED, "body: not what its content-encoding says");
        } finally {
            compressed.release();
        }
    }

    private Incoming drop(HttpContent content, Incoming refusal) {
        content.release();
        return refusal;
    }

    /** A small body is read and forgotten, so that the connection can go on; no client waits to be asked for that one. */
    private Incoming refuseBody(HttpRequest request, int announced) {
        String detail = "body: " + announced + " bytes";
        if (announced > MOST_SKIPPED || HttpUtil.is100ContinueExpected(request)) {
            return noMemory(request, detail);
        }
        skipping = true;
        skipped = 0;
        return new Incoming.Refused(request, Rejection.OUT_OF_MEMORY, withExpectation(detail), ticker.nanos(), false);
    }

    private Incoming noMemory(HttpRequest request, String detail) {
        return refuse(request, Rejection.OUT_OF_MEMORY, withExpectation(detail));
    }

    private String withExpectation(String detail) {
        return detail + " (expected: what is left of the " + budget.requestLimit() + " bytes all requests may hold)";
    }

    private void skip(HttpContent content) {
        skipped += content.content().readableBytes();
        content.release();
        if (content instanceof LastHttpContent) {
            skipping = false;
            head = null;
        }
    }

    private Incoming tooLarge(@Nullable HttpRequest request, String size) {
        return refuse(request, Rejection.BODY_TOO_LARGE, "body: " + size + " (expected: at most " + most() + ")");
    }

    /** Gives up on what is being read. */
    Incoming refuse(Rejection rejection, String detail) {
        return refuse(head, rejection, detail);
    }

    private Incoming refuse(@Nullable HttpRequest request, Rejection rejection, String detail) {
        close();
        return new Incoming.Refused(request, rejection, detail, ticker.nanos(), true);
    }

    /** Whether the body being read belongs to a request that has been refused. */
    boolean isSkipping() {
        return skipping;
    }

    /** Whether the client waits for leave to send the body. */
    boolean expectsContinue() {
        return head != null && !skipping && body.size() == 0 && HttpUtil.is100ContinueExpected(head);
    }

    /** Whether headers have been read, and the body has not. */
    boolean isMidBody() {
        return head != null;
    }

    /** When the headers of the unfinished request were read. */
    long headNanos() {
        return headNanos;
    }

    /** Bytes of the unfinished body so far. */
    int bodyBytes() {
        return skipping ? skipped : body.size();
    }

    /** Bytes for which memory was reserved when the unfinished body began. */
    int promisedBytes() {
        return skipping ? 0 : body.promised();
    }

    /** Forgets and frees what has been read of an unfinished request. */
    void close() {
        if (inflater != null) {
            inflater.close();
            inflater = null;
        }
        head = null;
        skipping = false;
        body.discard();
    }
}
