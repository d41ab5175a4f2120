// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a reply says about one request, as it came; one of these is used for all predictions of a connection, one after the other.
 *
 * <p><b>Threads:</b> one at a time.
 *
 * <p><b>Ownership:</b> whoever had it read owns {@link #body}, and takes it or gives it back.
 */
final class Prediction {
    private static final String STREAM_NEXT = "ts_stream_next";
    private static final String ITEM_ERROR = "sluice_item_error";

    final Text id = new Text();
    final Text contentType = new Text();
    final Text reason = new Text();

    /** Written by whoever reads, as all fields below. */
    int status;

    Map<String, String> headers = Map.of();

    /** Null when there was no memory for it, {@link #refusal} being why. */
    @Nullable DataBuffer body;

    /** Why there is no body. */
    @Nullable ServingException refusal;

    /** Whether more parts of the answer follow; takes what said so out of the headers. */
    boolean takeHasMore() {
        return !headers.isEmpty() && Boolean.parseBoolean(headers.remove(STREAM_NEXT));
    }

    /** Whether it is this request that failed, and no other; takes what said so out of the headers. */
    boolean takeIsFailure() {
        return !headers.isEmpty() && Boolean.parseBoolean(headers.remove(ITEM_ERROR));
    }

    /** Nobody wants it. */
    void drop() {
        DataBuffer dropped = body;
        body = null;
        if (dropped != null) {
            dropped.release();
        }
    }
}
