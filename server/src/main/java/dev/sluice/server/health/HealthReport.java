// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.health;

import java.util.List;

/**
 * An answer to a question about health.
 *
 * @param ok whether it is yes
 * @param phase where the server stands in its life
 * @param missing names of the models that keep it from being yes, in the natural order of strings
 */
public record HealthReport(boolean ok, Phase phase, List<String> missing) {
    public HealthReport {
        missing = List.copyOf(missing);
    }

    /** The life of a server. */
    public enum Phase {
        /** The models it starts with are being loaded. */
        STARTING,
        SERVING,
        /** It was told to stop and still accepts, so that routers have time to learn of it. */
        DRAINING,
        /** It accepts nothing any more. */
        STOPPED
    }
}
