// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.config.WireConfig;
import dev.sluice.server.protocol.PythonModels;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.serving.ModelAdmin;
import java.util.Set;

/**
 * What predictions need, whatever path they come by.
 *
 * @param inference for predictions, whose envelopes it opens
 * @param described for questions that never are in an envelope
 * @param scheduling reads what clients say about when and for whom
 * @param plainHandlers names of handlers that only predict
 */
public record Predictor(
        Inference inference,
        Inference described,
        ModelAdmin admin,
        SchedulingHeaders scheduling,
        WireConfig wire,
        Set<String> plainHandlers,
        Ticker ticker) {
    /** Whether that model's handler does more than to predict, as those that are the user's own may. */
    boolean isAble(ModelSpec spec) {
        return PythonModels.isPython(spec) || !plainHandlers.contains(spec.handler());
    }
}
