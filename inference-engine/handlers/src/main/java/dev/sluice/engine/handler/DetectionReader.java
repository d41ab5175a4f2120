// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From the outputs of a detection model to what it found, in pixels of the image that was sent. */
final class DetectionReader {
    private final ObjectDetectorOptions options;

    DetectionReader(ObjectDetectorOptions options) {
        this.options = options;
    }

    /**
     * What is at least as sure as the threshold says, in the model's order, or from the best down where the model has none.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the outputs are not of the format
     */
    List<Detection> read(OutputSlice outputs, ImageReader.Frame frame) {
        DetectionFormat format = options.format().orElseGet(() -> DetectionFormat.ofOutputs(outputs.names()));
        return switch (format) {
            case TORCHVISION -> listed(outputs, frame, false);
            case TENSORFLOW -> listed(outputs, frame, true);
            case YOLO -> YoloDetections.read(outputs, options, frame);
        };
    }

    private List<Detection> listed(OutputSlice outputs, ImageReader.Frame frame, boolean isRelative) {
        OutputRow boxes = options.outputs().get(outputs, "boxes");
        OutputRow labels = options.outputs().get(outputs, "labels");
        OutputRow scores = options.outputs().get(outputs, "scores");
        Optional<OutputRow> counted = isRelative ? options.outputs().find(outputs, "count") : Optional.empty();
        int found = scores.size();
        if (boxes.size() != 4 * (long) found || labels.size() != found) {
            throw InputCheck.invalid("object_detector: the model's outputs are boxes " + boxes.shape() + ", labels "
                    + labels.shape() + ", scores " + scores.shape() + " (expected: [n, 4], [n] and [n])");
        }
        int valid = counted.filter(count -> count.size() > 0)
                .map(count -> (int) Math.max(0, Math.min(found, count.number(0))))
                .orElse(found);
        List<Detection> detections = new ArrayList<>();
        for (int i = 0; i < valid && detections.size() < options.topK(); i++) {
            if (scores.number(i) >= options.threshold()) {
                Detection detection = isRelative
                        ? relative(boxes, i, (int) labels.number(i), scores.number(i), frame)
                        : absolute(boxes, i, (int) labels.number(i), scores.number(i), frame);
                if (!isRelative || detection.isFinite()) {
                    detections.add(detection);
                }
            }
        }
        return detections;
    }

    /** As the model gives it, when it saw the image as it is. */
    private static Detection absolute(OutputRow boxes, int i, int label, double score, ImageReader.Frame frame) {
        return new Detection(
                label,
                single(frame.map().x(boxes.number(4 * i))),
                single(frame.map().y(boxes.number(4 * i + 1))),
                single(frame.map().x(boxes.number(4 * i + 2))),
                single(frame.map().y(boxes.number(4 * i + 3))),
                score);
    }

    /** Shares of the height and width of what the model saw, top before left. */
    private Detection relative(OutputRow boxes, int i, int label, double score, ImageReader.Frame frame) {
        double width = options.seenWidth(frame);
        double height = options.seenHeight(frame);
        return clipped(
                new Detection(
                        label,
                        frame.map().x(boxes.number(4 * i + 1) * width),
                        frame.map().y(boxes.number(4 * i) * height),
                        frame.map().x(boxes.number(4 * i + 3) * width),
                        frame.map().y(boxes.number(4 * i + 2) * height),
                        score),
                frame);
    }

    /** No corner outside the image. */
    static Detection clipped(Detection detection, ImageReader.Frame frame) {
        return new Detection(
                detection.label(),
                inside(detection.left(), frame.width()),
                inside(detection.top(), frame.height()),
                inside(detection.right(), frame.width()),
                inside(detection.bottom(), frame.height()),
                detection.score());
    }

    private static double inside(double value, int end) {
        return single(Math.max(0, Math.min(end, value)));
    }

    /** Models compute in single precision: more digits would say nothing. */
    private static double single(double value) {
        return (float) value;
    }
}
