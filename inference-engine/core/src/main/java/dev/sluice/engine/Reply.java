// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.Output;
import dev.sluice.inference.ResponseDetails;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What a {@link ReplyHandler} answers: outputs, usually one, and what is to be said besides, in the terms of HTTP.
 *
 * <p><b>Ownership:</b> owns its outputs until it is handed over.
 */
public record Reply(List<Output> outputs, ResponseDetails details) {
    public Reply {
        outputs = List.copyOf(outputs);
    }

    /** One of which nothing more is said. */
    public static Reply of(Output... outputs) {
        return new Reply(List.of(outputs), ResponseDetails.NONE);
    }

    /**
     * The same with a status of its own.
     *
     * @param reason that goes with it; empty for the usual one
     * @throws IllegalArgumentException if the status is not one of 100..999
     */
    public Reply withStatus(int status, String reason) {
        return new Reply(outputs, new ResponseDetails(OptionalInt.of(status), reason, details.headers()));
    }

    /** The same with a header more; the last value of a name counts. */
    public Reply withHeader(String name, String value) {
        Map<String, String> headers = new LinkedHashMap<>(details.headers());
        headers.put(name, value);
        return new Reply(outputs, new ResponseDetails(details.status(), details.reason(), headers));
    }
}
