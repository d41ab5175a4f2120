// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Texts, passed byte for byte. The binding takes Java strings, and JNI's own encoding of them is not UTF-8: it writes a zero
 * byte, and every character beyond U+FFFF, in another way. Texts with any of these, or that are no UTF-8 at all, are therefore
 * handed over as the constant of a graph made for the call, which takes about 0.2 ms; all others directly.
 */
final class TextInput implements InputBinding {
    private final OrtEnvironment environment;

    /** Written by whoever runs the instance: what the binding made of strings. */
    private @Nullable OnnxTensor bound;

    /** Written by whoever runs the instance: the graph of the call under way, if it needed one. */
    private @Nullable OrtSession constant;

    /** Written by whoever runs the instance: what that graph gave. */
    private OrtSession.@Nullable Result result;

    TextInput(OrtEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public OnnxTensor bind(Tensor tensor) throws OrtException {
        List<byte[]> texts = read(tensor);
        Optional<String[]> strings = strings(texts);
        if (strings.isEmpty()) {
            return constant(tensor.shape(), texts);
        }
        OnnxTensor made = OnnxTensor.createTensor(
                environment, strings.get(), tensor.shape().toArray());
        bound = made;
        return made;
    }

    private static List<byte[]> read(Tensor tensor) {
        try {
            return ByteElements.read(tensor);
        } catch (IllegalArgumentException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, String.valueOf(e.getMessage()), e);
        }
    }

    private OnnxTensor constant(Shape shape, List<byte[]> texts) throws OrtException {
        OrtSession session = HelperGraphs.load(environment, ConstantGraph.of(shape, texts));
        constant = session;
        OrtSession.Result made = session.run(Map.of());
        result = made;
        return HelperGraphs.only(made);
    }

    /** {@code texts} as strings; empty if JNI would write one of them differently. */
    private static Optional<String[]> strings(List<byte[]> texts) {
        String[] strings = new String[texts.size()];
        for (int i = 0; i < strings.length; i++) {
            byte[] text = texts.get(i);
            if (!isPlain(text)) {
                return Optional.empty();
            }
            try {
                strings[i] = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(text))
                        .toString();
            } catch (CharacterCodingException e) {
                return Optional.empty();
            }
        }
        return Optional.of(strings);
    }

    /** Whether no byte is zero, and none begins a character of four bytes. */
    private static boolean isPlain(byte[] text) {
        for (byte one : text) {
            if (one == 0 || (one & 0xF0) == 0xF0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void unbind() {
        if (bound != null) {
            bound.close();
            bound = null;
        }
        if (result != null) {
            result.close();
            result = null;
        }
        if (constant != null) {
            HelperGraphs.close(constant);
            constant = null;
        }
    }

    @Override
    public void close() {}
}
