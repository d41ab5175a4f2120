// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.Buffer;
import io.netty.channel.unix.RawUnixChannelOption;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps new connections from a listener that is about to close. The system sets connections up by itself and resets those
 * nobody has accepted when the listener closes, although their clients may have sent a request. A socket filter that drops
 * every packet stops that: who knocks now gets no answer and, trying again in a second, is refused; who is in can be accepted
 * in peace.
 *
 * <p><b>Source:</b> socket(7), {@code SO_ATTACH_FILTER}; classic BPF as in linux/filter.h.
 */
final class Doorstop {
    private static final Logger LOG = LoggerFactory.getLogger(Doorstop.class);

    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;

    /** {@code struct sock_fprog} where pointers have 8 bytes: a count of 2 bytes, 6 of padding, a pointer. */
    private static final int PROGRAM_BYTES = 16;

    private static final int POINTER_AT = 8;
    private static final int INSTRUCTION_BYTES = 8;

    /** {@code BPF_RET | BPF_K}, with a constant of 0: keep none of the packet. */
    private static final short RETURN_CONSTANT = 0x06;

    private static final RawUnixChannelOption ATTACH_FILTER =
            new RawUnixChannelOption("SO_ATTACH_FILTER", SOL_SOCKET, SO_ATTACH_FILTER, PROGRAM_BYTES);

    private Doorstop() {}

    /** Puts it in front of {@code listener}. Where the system has none, the listener closes with what the system does then. */
    static void put(Channel listener) {
        if (!(listener instanceof EpollServerSocketChannel epoll)) {
            return;
        }
        ByteBuffer instruction = ByteBuffer.allocateDirect(INSTRUCTION_BYTES).order(ByteOrder.nativeOrder());
        instruction.putShort(0, RETURN_CONSTANT);
        ByteBuffer program = ByteBuffer.allocateDirect(PROGRAM_BYTES).order(ByteOrder.nativeOrder());
        program.putShort(0, (short) 1).putLong(POINTER_AT, Buffer.memoryAddress(instruction));
        try {
            boolean unused = epoll.config().setOption(ATTACH_FILTER, program);
        } catch (ChannelException e) {
            LOG.debug("No filter in front of {}; connections set up meanwhile may be reset", listener, e);
        } finally {
            // The program holds only its address, which the collector does not see.
            Reference.reachabilityFence(instruction);
        }
    }
}
