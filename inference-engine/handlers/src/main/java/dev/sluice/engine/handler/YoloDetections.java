// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The single output of YOLO models: for each of many boxes its centre and size, in pixels of what the model saw, and a score for
 * each class. Up to version 5 it is {@code [boxes, 5 + classes]}, the fifth number saying how sure it is that there is anything,
 * by which scores are multiplied; since version 8 it is {@code [4 + classes, boxes]}.
 */
final class YoloDetections {
    private static final int BOX = 4;

    private final OutputRow output;
    private final int boxes;
    private final int numbers;
    private final boolean boxesLast;

    private YoloDetections(OutputRow output) {
        this.output = output;
        Shape shape = output.shape();
        int rank = shape.rank();
        long rows = rank < 2 ? 0 : shape.dimension(rank - 2);
        long columns = rank < 2 ? 0 : shape.dimension(rank - 1);
        // There are thousands of boxes, and far fewer classes.
        this.boxesLast = rows < columns;
        this.boxes = (int) Math.max(rows, columns);
        this.numbers = (int) Math.min(rows, columns);
        boolean isOne = rank >= 2 && output.size() == rows * columns;
        if (!isOne || numbers <= BOX + (boxesLast ? 0 : 1) || !output.isFractional()) {
            throw InputCheck.invalid("object_detector: the model's output is " + output.type() + " " + shape
                    + " (expected: one of floating-point numbers, [4 + classes, boxes] or [boxes, 5 + classes], with"
                    + " more boxes than numbers for each)");
        }
    }

    /** What is at least as sure as the options say, thinned out, from the best down. */
    static List<Detection> read(OutputSlice outputs, ObjectDetectorOptions options, ImageReader.Frame frame) {
        OutputRow output = options.outputs().get(outputs, "boxes");
        if (output.type() == DataType.BYTES) {
            throw InputCheck.invalid("object_detector: the model's output is BYTES (expected: numbers)");
        }
        YoloDetections all = new YoloDetections(output);
        List<Detection> sure = new ArrayList<>();
        for (int i = 0; i < all.boxes; i++) {
            all.add(i, options, frame, sure);
        }
        return NonMaximumSuppression.of(sure, options.maxOverlap(), options.topK());
    }

    /** Adds box {@code i} as its likeliest class, if that is likely enough. */
    private void add(int i, ObjectDetectorOptions options, ImageReader.Frame frame, List<Detection> sure) {
        double certainty = boxesLast ? 1 : number(i, BOX);
        int first = boxesLast ? BOX : BOX + 1;
        int best = first;
        for (int k = first + 1; k < numbers; k++) {
            if (number(i, k) > number(i, best)) {
                best = k;
            }
        }
        double score = (float) (number(i, best) * certainty);
        if (score >= options.threshold()) {
            Detection detection = detection(i, best - first, score, options, frame);
            if (detection.isFinite()) {
                sure.add(DetectionReader.clipped(detection, frame));
            }
        }
    }

    private Detection detection(
            int i, int label, double score, ObjectDetectorOptions options, ImageReader.Frame frame) {
        double wide = options.isRelative() ? options.seenWidth(frame) : 1;
        double high = options.isRelative() ? options.seenHeight(frame) : 1;
        double x = number(i, 0) * wide;
        double y = number(i, 1) * high;
        double halfWidth = number(i, 2) * wide / 2;
        double halfHeight = number(i, 3) * high / 2;
        return new Detection(
                label,
                frame.map().x(x - halfWidth),
                frame.map().y(y - halfHeight),
                frame.map().x(x + halfWidth),
                frame.map().y(y + halfHeight),
                score);
    }

    private double number(int box, int k) {
        return output.number(boxesLast ? k * boxes + box : box * numbers + k);
    }
}
