// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the outputs of a detection model: by the names the options give, by names that are usual, else by their order. */
final class DetectionOutputs {
    /** What the options may name. */
    static final Set<String> ROLES = Set.of("boxes", "labels", "scores", "count");

    private static final Map<String, List<String>> USUAL = Map.of(
            "boxes", List.of("boxes", "detection_boxes"),
            "labels", List.of("labels", "detection_classes"),
            "scores", List.of("scores", "detection_scores"),
            "count", List.of("num_detections"));
    private static final List<String> ORDER = List.of("boxes", "labels", "scores", "count");

    private final Map<String, String> named;

    DetectionOutputs(Map<String, String> named) {
        this.named = named;
    }

    /**
     * The output for {@code role}.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if there is none, or it holds no numbers
     */
    OutputRow get(OutputSlice outputs, String role) {
        return find(outputs, role)
                .orElseThrow(() -> InputCheck.invalid("object_detector: the model's outputs are "
                        + outputs.names() + " (expected: one for " + role + ", named "
                        + named.getOrDefault(role, String.join(" or ", USUAL.getOrDefault(role, List.of()))) + ")"));
    }

    /** As {@link #get}, empty if there is none. */
    Optional<OutputRow> find(OutputSlice outputs, String role) {
        int index = index(outputs.names(), role);
        if (index < 0) {
            return Optional.empty();
        }
        OutputRow row = outputs.get(index);
        if (row.type() == DataType.BYTES) {
            throw InputCheck.invalid("object_detector: the model's output '"
                    + outputs.names().get(index) + "' is BYTES (expected: numbers)");
        }
        return Optional.of(row);
    }

    private int index(List<String> names, String role) {
        if (named.containsKey(role)) {
            return names.indexOf(named.get(role));
        }
        boolean areUsual = false;
        for (int i = 0; i < names.size(); i++) {
            String plain = names.get(i).substring(names.get(i).lastIndexOf('.') + 1);
            if (USUAL.getOrDefault(role, List.of()).contains(plain)) {
                return i;
            }
            areUsual |= USUAL.values().stream().anyMatch(usual -> usual.contains(plain));
        }
        // Where some have usual names, the others are something else.
        int place = ORDER.indexOf(role);
        return areUsual || place >= names.size() ? -1 : place;
    }
}
