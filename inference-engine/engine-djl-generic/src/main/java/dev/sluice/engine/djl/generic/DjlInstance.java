// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.TranslateException;
import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Runs one call at a time on a predictor of its own. */
final class DjlInstance implements TensorInstance {
    private final DjlModel model;
    private final Predictor<NDList, NDList> predictor;
    private final NDManager manager;
    private final BufferAllocator allocator;

    /** Owns {@code predictor} and {@code manager}. */
    DjlInstance(DjlModel model, Predictor<NDList, NDList> predictor, NDManager manager, BufferAllocator allocator) {
        this.model = model;
        this.predictor = predictor;
        this.manager = manager;
        this.allocator = allocator;
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        List<String> names = model.check(inputs);
        return PackLoader.call(() -> {
            List<NativeInput> readable = new ArrayList<>(inputs.size());
            // Outputs belong to the manager of the inputs, so that closing this one frees all there is.
            try (NDManager call = manager.newSubManager()) {
                NDList arrays = new NDList(inputs.size());
                for (int i = 0; i < inputs.size(); i++) {
                    NDArray array = array(inputs.get(i), call, readable);
                    if (!names.isEmpty()) {
                        array.setName(names.get(i));
                    }
                    arrays.add(array);
                }
                return predict(arrays, call);
            } finally {
                readable.forEach(NativeInput::close);
            }
        });
    }

    private NDArray array(Tensor input, NDManager call, List<NativeInput> readable) {
        ai.djl.ndarray.types.DataType type = DjlTypes.theirs(input.type())
                .orElseThrow(() ->
                        new ServingException(ErrorCode.INVALID_INPUT, refusal(input, "one of " + DjlTypes.passable())));
        NativeInput bytes = NativeInput.of(input, allocator);
        readable.add(bytes);
        try {
            // DJL ignores a buffer's position; these bytes start at 0.
            return call.create(
                    bytes.bytes(), new ai.djl.ndarray.types.Shape(input.shape().toArray()), type);
        } catch (RuntimeException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, refusal(input, "a type and a shape this engine has arrays of"), e);
        }
    }

    private static String refusal(Tensor input, String expected) {
        return "input '" + input.name() + "': " + input.type() + " " + shown(input.shape()) + " (expected: " + expected
                + ")";
    }

    /** A shape may have more dimensions than a message has room for. */
    private static String shown(Shape shape) {
        return shape.rank() <= 8 ? shape.toString() : "of " + shape.rank() + " dimensions";
    }

    private List<Tensor> predict(NDList arrays, NDManager call) {
        List<Tensor> outputs = new ArrayList<>();
        try {
            NDList results = predictor.predict(arrays);
            results.attach(call);
            for (NDArray result : results) {
                outputs.add(copy(result, outputs.size()));
            }
            return outputs;
        } catch (ServingException e) {
            outputs.forEach(Tensor::release);
            throw e;
        } catch (TranslateException | RuntimeException e) {
            outputs.forEach(Tensor::release);
            throw DjlErrors.whileRunning(e);
        } catch (Error e) {
            outputs.forEach(Tensor::release);
            throw e;
        }
    }

    private Tensor copy(NDArray array, int place) {
        String name = array.getName() == null ? "output_" + place : array.getName();
        DataType type = DjlTypes.ours(array.getDataType())
                .orElseThrow(() -> unfit(name, String.valueOf(array.getDataType()), "one of " + DjlTypes.passable()));
        Shape shape = Shape.of(array.getShape().getShape());
        ByteBuffer content = array.toByteBuffer(true);
        if (content.remaining() != shape.elementCount() * type.elementBytes()) {
            throw unfit(name, content.remaining() + " bytes", "as many as " + type + " " + shape + " takes");
        }
        DataBuffer data = allocator.allocate(content.remaining());
        Tensor copy = new Tensor(name, type, shape, data);
        NativeOutput.of(copy).put(content);
        return copy;
    }

    private static ServingException unfit(String name, String what, String expected) {
        return new ServingException(
                ErrorCode.ENGINE_FAILED, "output '" + name + "': " + what + " (expected: " + expected + ")");
    }

    @Override
    public void close() {
        predictor.close();
        manager.close();
    }
}
