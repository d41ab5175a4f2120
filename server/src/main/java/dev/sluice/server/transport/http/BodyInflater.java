// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.compression.JdkZlibDecoder;
import io.netty.handler.codec.compression.ZlibWrapper;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Expands one compressed body, a little at a time, so that whoever takes the pieces can stop before much has come of it.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 *
 * <p><b>Errors:</b> {@link io.netty.handler.codec.DecoderException} for what is not compressed as it says.
 */
final class BodyInflater implements AutoCloseable {
    /** What an uncompressed body may be said to be. */
    static final String IDENTITY = "identity";

    /** Compressed bytes taken at a time; they stand for half a MiB at most. */
    private static final int BITE = 512;

    private static final int MOST_AT_ONCE = 1 << 20;

    private static final Map<String, ZlibWrapper> ENCODINGS =
            Map.of("gzip", ZlibWrapper.GZIP, "x-gzip", ZlibWrapper.GZIP, "deflate", ZlibWrapper.ZLIB_OR_NONE);

    private static final Logger LOG = LoggerFactory.getLogger(BodyInflater.class);

    private final JdkZlibDecoder decoder;
    private final EmbeddedChannel channel;

    private BodyInflater(ZlibWrapper form, ByteBufAllocator allocator) {
        this.decoder = new JdkZlibDecoder(form, MOST_AT_ONCE);
        this.channel = new EmbeddedChannel(decoder);
        this.channel.config().setAllocator(allocator);
    }

    private static String normal(String encoding) {
        return encoding.strip().toLowerCase(Locale.ROOT);
    }

    static boolean knows(String encoding) {
        return normal(encoding).equals(IDENTITY) || ENCODINGS.containsKey(normal(encoding));
    }

    /** One for {@code encoding}; empty if that needs none. */
    static Optional<BodyInflater> of(String encoding, ByteBufAllocator allocator) {
        return Optional.ofNullable(ENCODINGS.get(normal(encoding))).map(form -> new BodyInflater(form, allocator));
    }

    /** What comes next of {@code compressed}, owned by the caller; null when it is used up. */
    @Nullable
    ByteBuf next(ByteBuf compressed) {
        ByteBuf ready = channel.readInbound();
        while (ready == null && compressed.isReadable()) {
            channel.writeInbound(compressed.readRetainedSlice(Math.min(BITE, compressed.readableBytes())));
            ready = channel.readInbound();
        }
        return ready;
    }

    /** Whether the compressed content has ended. */
    boolean isWhole() {
        return decoder.isClosed();
    }

    @Override
    public void close() {
        try {
            boolean unused = channel.finishAndReleaseAll();
        } catch (DecoderException e) {
            LOG.debug("A compressed body was given up in its middle", e);
        }
    }
}
