// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.tensor.DataBuffer;

/**
 * Takes the answer of one request: {@link #respond} once, or {@link #startStream}, any number of {@link #chunk}, and
 * {@link #endStream} or {@link #abortStream}.
 *
 * <p><b>Threads:</b> safe from any thread, never blocks; calls are made by one thread at a time.
 */
public interface RestResponder {
    /** The whole answer. Dropped, and its body released, if the client is gone. */
    void respond(RestResponse response);

    /** Status and headers of an answer whose body follows in chunks; its own body is the first chunk, if not empty. */
    void startStream(RestResponse head);

    /** More of a started answer, owned by the transport from here on. */
    void chunk(DataBuffer data);

    /** The started answer is whole. */
    void endStream();

    /** The started answer cannot be finished; the client sees a broken stream, not a short one. */
    void abortStream();
}
