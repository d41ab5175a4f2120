// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.protocol.Plane;

/** How a server introduces its listeners. */
final class ServerBanner {
    private ServerBanner() {}

    static String listener(Plane plane, String url) {
        String what = switch (plane) {
            case INFERENCE -> "Inference:  ";
            case MANAGEMENT -> "Management: ";
            case METRICS -> "Metrics:    ";
        };
        return what + (plane == Plane.METRICS && !url.startsWith("unix:") ? url + "/metrics" : url);
    }
}
