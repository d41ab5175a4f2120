// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import java.util.List;
import java.util.Optional;

/**
 * A {@code PredictionsRequest} whose inputs lie where handlers and engines read them.
 *
 * <p><b>Ownership:</b> owns its inputs. Whoever owns the message releases it, or takes the inputs, once.
 *
 * @param version empty for the default one
 * @param sequenceId empty for none
 * @param fault why it could not be read; everything else is empty then
 */
record PredictionMessage(
        String model, String version, String sequenceId, List<Input> inputs, Optional<ServingException> fault) {
    PredictionMessage {
        inputs = List.copyOf(inputs);
    }

    /** One that could not be read. */
    static PredictionMessage unreadable(ServingException fault) {
        return new PredictionMessage("", "", "", List.of(), Optional.of(fault));
    }

    void release() {
        inputs.forEach(Input::release);
    }
}
