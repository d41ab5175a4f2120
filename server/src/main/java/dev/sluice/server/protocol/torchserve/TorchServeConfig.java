// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.server.config.WireConfig;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/**
 * What an operator decides about this protocol, and what it has to know of the server.
 *
 * @param modelApiEnabled whether clients may register and unregister models ({@code enable_model_api})
 * @param requestDeadline how long a prediction may wait before nobody wants its answer any more; empty, as in the original,
 *     for as long as it takes. A model's {@code responseTimeout} is another thing: it bounds the time of one batch
 * @param tenantHeader the header that names the tenant of a prediction; empty for one tenant
 * @param standardAuthStatus whether callers who may not call get 401 and 403, as HTTP has it, or the original's 400
 * @param plainHandlers names of handlers that only predict: they neither explain nor describe themselves
 * @param version of the server, for API descriptions
 * @param workerMemory bytes that the process of a Python worker holds, by its id; 0 if nobody knows
 */
public record TorchServeConfig(
        boolean modelApiEnabled,
        Optional<Duration> requestDeadline,
        Optional<String> tenantHeader,
        WireConfig wire,
        boolean standardAuthStatus,
        Set<String> plainHandlers,
        String version,
        LongUnaryOperator workerMemory) {
    private static final int MAX_RESPONSE_BYTES = 6_553_500;

    public TorchServeConfig {
        plainHandlers = Set.copyOf(plainHandlers);
    }

    /** Of a server without Python workers. */
    public TorchServeConfig(
            boolean modelApiEnabled,
            Optional<Duration> requestDeadline,
            Optional<String> tenantHeader,
            WireConfig wire,
            boolean standardAuthStatus,
            Set<String> plainHandlers,
            String version) {
        this(
                modelApiEnabled,
                requestDeadline,
                tenantHeader,
                wire,
                standardAuthStatus,
                plainHandlers,
                version,
                pid -> 0);
    }

    /** With all else as TorchServe ships. */
    public TorchServeConfig(
            boolean modelApiEnabled, Optional<Duration> requestDeadline, Optional<String> tenantHeader) {
        this(modelApiEnabled, requestDeadline, tenantHeader, usualWire(), false, Set.of(), "0");
    }

    /** As TorchServe ships: models come from the command line only, and requests wait as long as it takes. */
    public static TorchServeConfig defaults() {
        return new TorchServeConfig(false, Optional.empty(), Optional.empty());
    }

    private static WireConfig usualWire() {
        return new WireConfig(Optional.empty(), true, MAX_RESPONSE_BYTES, false, WireConfig.SequenceHeaders.USUAL);
    }
}
