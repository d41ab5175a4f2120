// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import java.util.Map;

/** What sets the paths apart by which predictions are asked for (torchserve.md section 1.4). */
public enum PredictionStyle {
    /** {@code /predictions}. */
    PREDICTION,
    /** {@code /explanations}. */
    EXPLANATION,
    /** KServe's, of both versions. */
    KSERVE_PREDICTION,
    /** KServe's for explanations. */
    KSERVE_EXPLANATION,
    /** The older ones, whose query is input as well. */
    OLDER;

    private static final String EXPLAIN = "explain";

    boolean explains() {
        return this == EXPLANATION || this == KSERVE_EXPLANATION;
    }

    boolean takesQuery() {
        return this == OLDER;
    }

    /** Puts the headers of the server's own there, over whatever a client sent under their names. */
    void addTo(Map<String, String> headers, Map<String, String> pathParameters) {
        if (this == PREDICTION || this == EXPLANATION) {
            headers.put("url_path", pathParameters.getOrDefault("extra", ""));
        }
        if (this != OLDER) {
            headers.put(EXPLAIN, explains() ? "True" : "False");
        }
    }
}
