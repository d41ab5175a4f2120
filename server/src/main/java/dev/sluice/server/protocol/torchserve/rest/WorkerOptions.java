// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.model.ModelSpec;
import dev.sluice.server.protocol.PythonModels;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a description says of how the workers of a Python handler are run. Models that run in this process have the original's
 * defaults, since these settings change nothing for them.
 *
 * <p><b>Source:</b> torchserve.md sections 2.5 and 6.3.
 *
 * @param parallelType empty for none
 * @param parallelLevel 0 for none
 */
record WorkerOptions(
        long maxRetrySeconds, String parallelType, int parallelLevel, boolean continuousBatching, boolean useVenv) {
    private static final long RETRY_SECONDS = 300;
    private static final Set<String> TYPES = Set.of("pp", "tp", "pptp", "custom");
    private static final WorkerOptions NATIVE = new WorkerOptions(RETRY_SECONDS, "", 0, false, false);

    static WorkerOptions of(ModelSpec spec) {
        if (!PythonModels.isPython(spec)) {
            return NATIVE;
        }
        Map<String, Object> options = spec.options();
        String type = options.get("parallelType") instanceof String text && TYPES.contains(text) ? text : "";
        int level = (int) number(options.get("parallelLevel"), 0);
        if (options.get("torchrun") instanceof Map<?, ?> torchrun) {
            level = (int) number(torchrun.get("nproc-per-node"), Math.max(1, level));
        }
        return new WorkerOptions(
                number(options.get("maxRetryTimeoutInSec"), RETRY_SECONDS),
                type,
                level,
                Boolean.TRUE.equals(options.get("continuousBatching")),
                Boolean.TRUE.equals(options.get("useVenv")));
    }

    private static long number(@Nullable Object value, long fallback) {
        return value instanceof Integer number && number >= 0 ? number : fallback;
    }
}
