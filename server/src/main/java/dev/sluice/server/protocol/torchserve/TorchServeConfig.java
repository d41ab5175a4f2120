// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import java.time.Duration;
import java.util.Optional;

/**
 * What an operator decides about this protocol.
 *
 * @param modelApiEnabled whether clients may register and unregister models ({@code enable_model_api})
 * @param requestDeadline how long a prediction may wait before nobody wants its answer any more; empty, as in the original,
 *     for as long as it takes. A model's {@code responseTimeout} is another thing: it bounds the time of one batch
 * @param tenantHeader the header that names the tenant of a prediction; empty for one tenant
 */
public record TorchServeConfig(
        boolean modelApiEnabled, Optional<Duration> requestDeadline, Optional<String> tenantHeader) {
    /** As TorchServe ships: models come from the command line only, and requests wait as long as it takes. */
    public static TorchServeConfig defaults() {
        return new TorchServeConfig(false, Optional.empty(), Optional.empty());
    }
}
