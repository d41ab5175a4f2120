// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/** Netty's decoder, which also tells whether it is in the middle of a request and since when. */
final class RequestDecoder extends HttpRequestDecoder {
    private final Ticker ticker;

    /** Written by the connection's event loop. */
    private boolean started;

    /** Written by the connection's event loop; meaningful while {@link #started}. */
    private long startedNanos;

    RequestDecoder(HttpLimits limits, Ticker ticker) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(limits.maxRequestLineBytes())
                .setMaxHeaderSize(limits.maxHeaderBytes())
                // A body read at once stays in one piece, and so where it was read to.
                .setMaxChunkSize(Math.max(1, limits.maxRequestBytes())));
        this.ticker = ticker;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (!started && in.forEachByte(RequestDecoder::mayPrecedeRequest) >= 0) {
            started = true;
            startedNanos = ticker.nanos();
        }
        super.decode(context, in, out);
        if (!out.isEmpty() && out.get(out.size() - 1) instanceof LastHttpContent) {
            started = false;
        }
    }

    /** Some clients send an empty line after a body; that is no request begun. */
    private static boolean mayPrecedeRequest(byte value) {
        return value <= ' ';
    }

    /** Whether bytes of a request have been read that is not whole yet, be they decoded or not. */
    boolean isMidRequest() {
        return started || actualReadableBytes() > 0;
    }

    /** When the first byte of the unfinished request was read. */
    long startedNanos() {
        return startedNanos;
    }
}
