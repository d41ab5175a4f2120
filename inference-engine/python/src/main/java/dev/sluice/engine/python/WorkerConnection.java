// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is said to one process of a worker, and what comes back.
 *
 * <p><b>Threads:</b> one writes and one reads, both waiting for the worker; closed from any thread, which ends their waiting.
 */
final class WorkerConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerConnection.class);

    private final SocketChannel channel;
    private final FrameWriter writer = new FrameWriter();
    private final ReplyReader reader;

    private WorkerConnection(SocketChannel channel, ReplyReader reader) {
        this.channel = channel;
        this.reader = reader;
    }

    /**
     * A connection to who listens at {@code address}.
     *
     * @throws IOException if nobody does
     */
    static WorkerConnection open(SocketAddress address, BufferAllocator allocator, int maxResponseBytes)
            throws IOException {
        boolean isUnix = address instanceof UnixDomainSocketAddress;
        SocketChannel channel = isUnix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        try {
            channel.connect(address);
            if (!isUnix) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                if (address.equals(channel.getLocalAddress())) {
                    throw new IOException("connected to itself: nobody listens yet");
                }
            }
            return new WorkerConnection(channel, new ReplyReader(channel, allocator, maxResponseBytes));
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** The message to be sent next. */
    FrameWriter writer() {
        return writer;
    }

    /** Sends it. */
    void send() throws IOException {
        writer.writeTo(channel);
    }

    ReplyReader reader() {
        return reader;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("A worker's connection could not be closed", e);
        }
    }
}
