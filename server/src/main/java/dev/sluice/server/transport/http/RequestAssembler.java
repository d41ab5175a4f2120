// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Rejection;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpContent;
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
    private final HttpLimits limits;
    private final Ticker ticker;
    private final BodyBuffer body;

    /** Written by the event loop: head of the request whose body is being read. */
    private @Nullable HttpRequest head;

    /** Written by the event loop: when {@link #head} was read. */
    private long headNanos;

    RequestAssembler(HttpLimits limits, Ticker ticker, ByteBufAllocator allocator) {
        this.limits = limits;
        this.ticker = ticker;
        this.body = new BodyBuffer(allocator);
    }

    /**
     * Takes the next piece.
     *
     * <p><b>Ownership:</b> takes {@code piece}, always.
     *
     * @return what became whole, or is refused, with it; null if more pieces must come. Nothing may be offered after a refusal
     */
    @Nullable
    Incoming offer(HttpObject piece) {
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

    private @Nullable Incoming refusalOf(HttpRequest request) {
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
        long announced = HttpUtil.getContentLength(request, -1L);
        if (announced > limits.maxRequestBytes()) {
            return tooLarge(request, announced + " bytes");
        }
        body.start((int) announced);
        return null;
    }

    private @Nullable Incoming append(HttpContent content) {
        HttpRequest request = head;
        if (request == null || body.size() + content.content().readableBytes() > limits.maxRequestBytes()) {
            return drop(content, tooLarge(request, "more than " + body.size() + " bytes"));
        }
        body.append(content.content());
        if (!(content instanceof LastHttpContent)) {
            return null;
        }
        head = null;
        return new Incoming.Whole(request, body.finish(), ticker.nanos());
    }

    private Incoming drop(HttpContent content, Incoming refusal) {
        content.release();
        return refusal;
    }

    private Incoming tooLarge(@Nullable HttpRequest request, String size) {
        return refuse(
                request,
                Rejection.BODY_TOO_LARGE,
                "body: " + size + " (expected: at most " + limits.maxRequestBytes() + ")");
    }

    /** Gives up on what is being read. */
    Incoming refuse(Rejection rejection, String detail) {
        return refuse(head, rejection, detail);
    }

    private Incoming refuse(@Nullable HttpRequest request, Rejection rejection, String detail) {
        close();
        return new Incoming.Refused(request, rejection, detail, ticker.nanos());
    }

    /** Whether the client waits for leave to send the body. */
    boolean expectsContinue() {
        return head != null && body.size() == 0 && HttpUtil.is100ContinueExpected(head);
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
        return body.size();
    }

    /** Forgets and frees what has been read of an unfinished request. */
    void close() {
        head = null;
        body.discard();
    }
}
