// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Streams that may wait for their clients for as long as those like, so that somebody has to tell them when the server stops.
 *
 * <p><b>Threads:</b> safe from any thread. A stream is in the set before the flag is read, and the flag is set before the set is
 * read, so none is missed; being told twice does no harm.
 */
final class OpenStreams {
    private final Set<SequenceCall> open = ConcurrentHashMap.newKeySet();

    /** Written by whoever stops the server. */
    private volatile boolean leaving;

    void opened(SequenceCall stream) {
        open.add(stream);
        if (leaving) {
            stream.leave();
        }
    }

    void closed(SequenceCall stream) {
        open.remove(stream);
    }

    void leave() {
        leaving = true;
        open.forEach(SequenceCall::leave);
    }
}
