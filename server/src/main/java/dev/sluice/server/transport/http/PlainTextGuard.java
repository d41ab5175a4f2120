// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Rejection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;

/**
 * Looks at the first byte a client sends where TLS is spoken. One who begins with a letter speaks plain HTTP, and is told what
 * is wrong in words instead of by a broken connection; no request of theirs is looked at.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 */
final class PlainTextGuard extends ChannelInboundHandlerAdapter {
    private final SslHandler tls;
    private final HttpConnection connection;

    PlainTextGuard(SslHandler tls, HttpConnection connection) {
        this.tls = tls;
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf bytes && bytes.isReadable()) {
            if (isLetter(bytes.getByte(bytes.readerIndex()))) {
                connection.assembler().refuseAll(Rejection.NOT_ENCRYPTED);
                context.pipeline().remove(tls);
            }
            context.pipeline().remove(this);
        }
        context.fireChannelRead(message);
    }

    /** No record of TLS begins with one. */
    private static boolean isLetter(byte value) {
        return (value >= 'A' && value <= 'Z') || (value >= 'a' && value <= 'z');
    }
}
