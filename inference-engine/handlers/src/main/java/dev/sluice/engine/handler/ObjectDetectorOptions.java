// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.Framing;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code handler.objectDetector} in a model's configuration file says. All of it may be left out, which gives the fixed
 * values of the original.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/object_detector.py} for the defaults; the keys are ours.
 *
 * <table>
 * <caption>Keys, besides those of {@link ImageInput}</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code format}</td><td>{@code torchvision}, {@code tensorflow} or {@code yolo}</td>
 *     <td>as the model's outputs are named</td></tr>
 * <tr><td>{@code threshold}</td><td>0..1, the lowest score answered</td><td>0.5</td></tr>
 * <tr><td>{@code topK}</td><td>1..10000 detections in an answer</td><td>1000</td></tr>
 * <tr><td>{@code iouThreshold}</td><td>0..1, the overlap from which boxes of a YOLO model are one</td><td>0.45</td></tr>
 * <tr><td>{@code boxes}</td><td>{@code pixels} or {@code relative}, of a YOLO model</td><td>{@code pixels}</td></tr>
 * <tr><td>{@code outputs}</td><td>names by {@code boxes}, {@code labels}, {@code scores}, {@code count}</td>
 *     <td>usual names, else their order</td></tr>
 * </table>
 *
 * @param format empty to go by the names of what the model gives
 * @param maxOverlap intersection over union
 * @param isRelative whether a YOLO model's boxes are shares of width and height
 */
record ObjectDetectorOptions(
        ImageInput input,
        Optional<DetectionFormat> format,
        DetectionOutputs outputs,
        double threshold,
        int topK,
        double maxOverlap,
        boolean isRelative) {
    static final String HANDLER = "object_detector";
    private static final Set<String> OWN = Set.of("format", "threshold", "topK", "iouThreshold", "boxes", "outputs");
    private static final String RELATIVE = "relative";

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key or the input that is wrong */
    static ObjectDetectorOptions of(ModelSpec spec, Signature signature) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "objectDetector");
        Set<String> keys = new HashSet<>(ImageInput.KEYS);
        keys.addAll(OWN);
        options.allowOnly(keys);
        Optional<DetectionFormat> format = options.word("format", DetectionFormat.labels())
                .map(DetectionFormat::of)
                .or(() -> DetectionFormat.ofSignature(signature));
        format.ifPresent(known -> known.check(HANDLER, signature));
        Map<String, String> names = options.texts("outputs", Map.of());
        if (!DetectionOutputs.ROLES.containsAll(names.keySet())) {
            throw options.refused("outputs", "names for boxes, labels, scores or count");
        }
        boolean isYolo = format.equals(Optional.of(DetectionFormat.YOLO));
        String resize = isYolo ? ImageInput.LETTERBOX : ImageInput.STRETCH;
        return new ObjectDetectorOptions(
                ImageInput.of(HANDLER, options, signature, resize),
                format,
                new DetectionOutputs(names),
                options.number("threshold", 0, 1, 0.5),
                options.integer("topK", 1, 10_000, 1000),
                options.number("iouThreshold", 0, 1, 0.45),
                options.word("boxes", List.of("pixels", RELATIVE))
                        .map(RELATIVE::equals)
                        .orElse(false));
    }

    /** Width of what the model saw, bars included. */
    double seenWidth(ImageReader.Frame frame) {
        if (input.framing() instanceof Framing.Letterbox box && !frame.isReady()) {
            return box.width();
        }
        return frame.width() * frame.map().scaleX();
    }

    /** Height of what the model saw, bars included. */
    double seenHeight(ImageReader.Frame frame) {
        if (input.framing() instanceof Framing.Letterbox box && !frame.isReady()) {
            return box.height();
        }
        return frame.height() * frame.map().scaleY();
    }

    /** Whether outputs count no rows, or nothing is known of them. */
    boolean runsAlone() {
        return !input.hasRows() || format.isEmpty() || format.get() == DetectionFormat.TORCHVISION;
    }
}
