// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What a handler says about its answer besides the answer, in the terms of HTTP, in which TorchServe's handlers think. A protocol
 * that is another passes on what it can.
 *
 * @param status empty for the usual one; 100..999
 * @param reason that goes with the status; empty for the usual one
 * @param headers by name, in order
 */
public record ResponseDetails(OptionalInt status, String reason, Map<String, String> headers) {
    /** Nothing said. */
    public static final ResponseDetails NONE = new ResponseDetails(OptionalInt.empty(), "", Map.of());

    private static final int LOWEST_STATUS = 100;
    private static final int HIGHEST_STATUS = 999;

    public ResponseDetails {
        status.ifPresent(ResponseDetails::checkedStatus);
        headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    }

    static int checkedStatus(int status) {
        if (status < LOWEST_STATUS || status > HIGHEST_STATUS) {
            throw new IllegalArgumentException(
                    "status: " + status + " (expected: " + LOWEST_STATUS + ".." + HIGHEST_STATUS + ")");
        }
        return status;
    }
}
