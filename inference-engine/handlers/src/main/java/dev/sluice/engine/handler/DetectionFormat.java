// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How a detection model writes what it finds. */
enum DetectionFormat {
    /** Boxes as corners in pixels of what the model saw, classes, scores; sorted, and thinned out. */
    TORCHVISION(3),
    /** Boxes as corners in 0..1, top first; classes, scores and how many of them count. */
    TENSORFLOW(3),
    /** One array of boxes as centre and size with a score for each class, one thing found many times. */
    YOLO(1);

    private final int outputs;

    DetectionFormat(int outputs) {
        this.outputs = outputs;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static List<String> labels() {
        return Arrays.stream(values()).map(DetectionFormat::label).toList();
    }

    static DetectionFormat of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }

    /** The format of a model with these outputs. */
    static DetectionFormat ofOutputs(List<String> names) {
        boolean isTensorflow = names.stream()
                .anyMatch(name -> name.contains("detection_boxes") || name.contains("TFLite_Detection_PostProcess"));
        if (isTensorflow) {
            return TENSORFLOW;
        }
        return names.size() < TORCHVISION.outputs ? YOLO : TORCHVISION;
    }

    /** The format the declared outputs give away; empty if none are declared. */
    static Optional<DetectionFormat> ofSignature(Signature signature) {
        List<String> names = signature.outputs().stream().map(TensorSpec::name).toList();
        return names.isEmpty() ? Optional.empty() : Optional.of(ofOutputs(names));
    }

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the declared outputs are too few */
    void check(String handler, Signature signature) {
        int declared = signature.outputs().size();
        if (declared > 0 && declared < outputs) {
            throw InputCheck.invalid(handler + ": the model has " + declared + " outputs (expected: " + outputs
                    + " or more for format " + label() + ")");
        }
    }
}
