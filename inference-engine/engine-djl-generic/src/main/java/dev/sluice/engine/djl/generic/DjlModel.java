// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.NoopTranslator;
import ai.djl.util.PairList;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A model of one of DJL's engines.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class DjlModel implements TensorModel {
    private final Model model;
    private final BufferAllocator allocator;
    private final List<DjlPort> inputs;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Owns {@code model}. */
    DjlModel(Model model, BufferAllocator allocator) {
        this.model = model;
        this.allocator = allocator;
        this.inputs = describe(model);
    }

    /** What the engine says its inputs are; empty if it does not know. */
    private static List<DjlPort> describe(Model model) {
        @Nullable PairList<String, ai.djl.ndarray.types.Shape> described;
        try {
            described = model.describeInput();
        } catch (RuntimeException e) {
            return List.of(); // engines that cannot tell say so in their own ways
        }
        List<DjlPort> ports = new ArrayList<>();
        if (described != null) {
            described.forEach(pair -> ports.add(DjlPort.of(pair.getKey(), pair.getValue())));
        }
        return List.copyOf(ports);
    }

    /** DJL tells names, and some engines' shapes, but never types, without which nothing is declared. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    /**
     * The names by which the engine wants {@code tensors}; empty if it said nothing of names.
     *
     * @throws ServingException {@code INVALID_INPUT} if they are not as many, or not of the shapes, as the engine said
     */
    List<String> check(List<Tensor> tensors) {
        if (tensors.isEmpty() || (!inputs.isEmpty() && tensors.size() != inputs.size())) {
            String expected = inputs.isEmpty() ? "1 or more" : inputs.size() + ", " + inputs;
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "inputs: " + tensors.size() + " (expected: " + expected + ")");
        }
        for (int i = 0; i < inputs.size(); i++) {
            inputs.get(i).check(tensors.get(i));
        }
        return inputs.stream().map(DjlPort::name).toList();
    }

    @Override
    public TensorInstance newInstance() {
        NDManager manager = model.getNDManager().newSubManager();
        return new DjlInstance(this, model.newPredictor(new NoopTranslator()), manager, allocator);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            model.close();
        }
    }
}
