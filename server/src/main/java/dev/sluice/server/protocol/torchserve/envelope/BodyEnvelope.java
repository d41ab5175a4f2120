// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import java.util.List;

/** {@code body}: handlers get {@code data}, else {@code body}, and nothing besides; answers go as they are. */
final class BodyEnvelope implements Envelope {
    @Override
    public Letter open(InferenceRequest request) {
        Input chosen =
                Contents.chosen(request.inputs()).<Input>map(content -> content).orElse(null);
        List<Input> kept = chosen == null ? request.inputs() : List.of(chosen);
        if (chosen != null) {
            request.inputs().stream().filter(input -> input != chosen).forEach(Input::release);
        }
        return new Letter() {
            @Override
            public List<List<Input>> requests() {
                return List.of(kept);
            }

            @Override
            public InferenceResponse wrap(List<InferenceResponse> answers) {
                return answers.get(0);
            }
        };
    }

    @Override
    public boolean isQuick() {
        return true;
    }
}
