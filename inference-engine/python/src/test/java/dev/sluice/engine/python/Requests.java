// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Makes requests, for tests. */
final class Requests {
    private static final ModelRef MODEL = ModelRef.of("m", "1.0");

    private Requests() {}

    static InferenceRequest of(String id, Map<String, String> headers, Input... inputs) {
        RequestContext context =
                new RequestContext(id, "test", 0, RequestContext.NO_DEADLINE, headers, new Cancellation());
        return new InferenceRequest(MODEL, List.of(inputs), List.of(), Map.of(), context);
    }

    static InferenceRequest content(
            String id, Map<String, String> headers, String name, String contentType, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        return of(id, headers, new Input.OfContent(name, contentType, DataBuffer.of(memory, () -> {})));
    }

    static InferenceRequest body(String id, String text) {
        return content(id, Map.of(), "body", "", text);
    }

    static InferenceRequest floats(String id, String name, float... values) {
        ByteBuffer memory =
                ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        memory.asFloatBuffer().put(values);
        Tensor tensor =
                new Tensor(name, DataType.FP32, Shape.of(1, values.length), DataBuffer.of(memory, () -> {}));
        return of(id, Map.of(), new Input.OfTensor(tensor));
    }
}
