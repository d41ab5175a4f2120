// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.StringIntMap;
import org.bytedeco.tensorflowlite.StringVector;

/**
 * The names that a signature in the file gives the tensors of the first subgraph, the one that is run. Converters call the tensors
 * themselves {@code serving_default_image:0}; the signature says {@code image}.
 */
final class SignatureNames {
    private final Map<Integer, Deque<String>> inputs;
    private final Map<Integer, Deque<String>> outputs;

    private SignatureNames(Map<Integer, Deque<String>> inputs, Map<Integer, Deque<String>> outputs) {
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /**
     * Those of the signature that {@code spec} asks for, or else of the first one. The caller frees what the binding allocates: it
     * has a {@code PointerScope}.
     *
     * @throws ServingException {@code INVALID_MODEL} if it asks for one that is not there, or of another subgraph
     */
    static SignatureNames of(Interpreter interpreter, ModelSpec spec) {
        List<String> keys = new ArrayList<>();
        StringVector all = interpreter.signature_keys();
        for (long i = 0; i < all.size(); i++) {
            BytePointer name = all.get(i);
            if (Pointer.isNull(name)) {
                continue; // it has no letters, so nobody can ask for it
            }
            String key = name.getString();
            if (interpreter.GetSubgraphIndexFromSignature(key) == 0) {
                keys.add(key);
            }
        }
        Object wanted = spec.options().get("sluice") instanceof Map<?, ?> options ? options.get("signature") : null;
        if (wanted != null && !keys.contains(wanted)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    NativeMessage.clean("signature: " + wanted + " (expected: "
                            + (keys.isEmpty()
                                    ? "none, the file has no signatures"
                                    : "one of " + String.join(", ", keys))
                            + "; TF Lite models are run by their first subgraph)"));
        }
        if (keys.isEmpty()) {
            return new SignatureNames(Map.of(), Map.of());
        }
        String key = wanted == null ? keys.get(0) : (String) wanted;
        return new SignatureNames(
                byTensor(interpreter.signature_inputs(key)), byTensor(interpreter.signature_outputs(key)));
    }

    private static Map<Integer, Deque<String>> byTensor(StringIntMap names) {
        Map<Integer, Deque<String>> byTensor = new HashMap<>();
        StringIntMap.Iterator end = names.end();
        for (StringIntMap.Iterator i = names.begin(); !i.equals(end); i.increment()) {
            byTensor.computeIfAbsent(i.second(), tensor -> new ArrayDeque<>()).add(i.first());
        }
        return byTensor;
    }

    /** Empty if the signature does not name it. */
    Optional<String> input(int tensor) {
        return next(inputs, tensor);
    }

    /** Of a tensor that is there under several names, another one each time. */
    Optional<String> output(int tensor) {
        return next(outputs, tensor);
    }

    private static Optional<String> next(Map<Integer, Deque<String>> names, int tensor) {
        return Optional.ofNullable(
                names.getOrDefault(tensor, new ArrayDeque<>()).poll());
    }
}
