// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.protocol.Plane;
import java.util.Locale;

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

    /** @param address without a scheme, as clients of gRPC want it */
    static String grpcListener(Plane plane, String address) {
        return "gRPC " + plane.name().toLowerCase(Locale.ROOT) + ": " + address;
    }
}
