// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Texts. The binding reads them as JNI's own encoding, which is not UTF-8: a text is cut at a zero byte, and at a character beyond
 * U+FFFF it loses others. What was read is therefore shown to the runtime, which tells whether it is what the model gave; a text
 * that is not gets an error and never a wrong answer.
 */
final class TextOutput implements OutputBinding {
    private final OrtEnvironment environment;
    private final BufferAllocator allocator;
    private final String name;
    private final OrtSession same;

    /** @param same compares texts; shared, not closed here */
    TextOutput(OrtEnvironment environment, BufferAllocator allocator, String name, OrtSession same) {
        this.environment = environment;
        this.allocator = allocator;
        this.name = name;
        this.same = same;
    }

    @Override
    public @Nullable OnnxTensor pin(List<Tensor> inputs) {
        return null;
    }

    @Override
    public void unpin() {}

    @Override
    public Tensor take(OnnxValue value) throws OrtException {
        if (!(value instanceof OnnxTensor tensor)) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED, "output '" + name + "': no tensor (expected: a tensor of texts)");
        }
        long[] shape = tensor.getInfo().getShape();
        List<String> texts = new ArrayList<>();
        flatten(tensor.getValue(), texts);
        if (!texts.isEmpty()) {
            prove(tensor, texts, shape);
        }
        List<byte[]> elements = new ArrayList<>(texts.size());
        for (String text : texts) {
            elements.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return ByteElements.write(name, Shape.of(shape), elements, allocator);
    }

    private static void flatten(Object value, List<String> texts) {
        if (value instanceof Object[] several) {
            for (Object one : several) {
                flatten(one, texts);
            }
        } else {
            texts.add((String) value);
        }
    }

    private void prove(OnnxTensor given, List<String> read, long[] shape) throws OrtException {
        try (OnnxTensor told = OnnxTensor.createTensor(environment, read.toArray(String[]::new), shape);
                OrtSession.Result result = same.run(Map.of("left", given, "right", told))) {
            ByteBuffer answers = HelperGraphs.only(result).getByteBuffer();
            for (int i = 0; i < read.size(); i++) {
                if (answers.get(i) == 0) {
                    throw new ServingException(
                            ErrorCode.ENGINE_FAILED,
                            "output '" + name + "': element " + i
                                    + " is a text that ONNX Runtime's Java binding cannot read"
                                    + " (expected: UTF-8 without zero bytes and without characters beyond U+FFFF)");
                }
            }
        }
    }

    @Override
    public void close() {}
}
