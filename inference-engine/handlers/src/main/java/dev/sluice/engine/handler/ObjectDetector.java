// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.tensor.BufferAllocator;
import java.util.List;

/**
 * The codec of {@code object_detector}: an image in, what was found out, as a list of {@code {label: [left, top, right, bottom],
 * "score": score}} in pixels of that image.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/object_detector.py}.
 */
final class ObjectDetector implements RowCodec {
    private final ObjectDetectorOptions options;
    private final ClassLabels labels;
    private final DetectionReader detections;
    private final ImageReader images;

    ObjectDetector(ObjectDetectorOptions options, ClassLabels labels, BufferAllocator allocator) {
        this.options = options;
        this.labels = labels;
        this.detections = new DetectionReader(options);
        this.images = new ImageReader(options.input(), allocator);
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        return images.read(request);
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        List<Detection> found = detections.read(outputs, images.frame(request));
        return List.of(Output.OfContent.copy("", json(found), allocator));
    }

    private byte[] json(List<Detection> found) {
        PythonJson json = new PythonJson();
        String before = "[";
        for (Detection detection : found) {
            json.raw(before).newLine(1);
            json.raw("{").newLine(2);
            String label = labels.label(detection.label());
            // A Python dict has a key once, and the score is set last.
            if (!label.equals("score")) {
                json.string(label);
                json.raw(": ");
                box(detection, json);
                json.raw(",").newLine(2);
            }
            json.raw("\"score\": ").number(detection.score());
            json.newLine(1);
            json.raw("}");
            before = ",";
        }
        if (!found.isEmpty()) {
            json.newLine(0);
        }
        return json.raw(found.isEmpty() ? "[]" : "]").drain();
    }

    private static void box(Detection detection, PythonJson json) {
        String before = "[";
        for (double corner : List.of(detection.left(), detection.top(), detection.right(), detection.bottom())) {
            json.raw(before).newLine(3);
            json.number(corner);
            before = ",";
        }
        json.newLine(2);
        json.raw("]");
    }

    @Override
    public List<Rows> sample() {
        return images.sample();
    }

    @Override
    public boolean runsAlone() {
        return options.runsAlone();
    }

    @Override
    public void close() {
        images.close();
    }
}
