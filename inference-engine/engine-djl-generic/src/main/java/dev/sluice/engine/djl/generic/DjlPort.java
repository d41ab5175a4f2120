// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An input as an engine describes it. */
record DjlPort(String name, Optional<Shape> shape) {
    static DjlPort of(String name, ai.djl.ndarray.types.@Nullable Shape shape) {
        return new DjlPort(name, Optional.ofNullable(shape).map(DjlPort::ours));
    }

    private static Shape ours(ai.djl.ndarray.types.Shape shape) {
        long[] sizes = shape.getShape().clone();
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = Math.max(sizes[i], Shape.ANY); // some engines have other numbers for sizes they do not know
        }
        return Shape.of(sizes);
    }

    /**
     * Whether {@code input} may come in here.
     *
     * @throws ServingException {@code INVALID_INPUT} if its shape is not the described one
     */
    void check(Tensor input) {
        if (shape.isPresent() && !shape.get().accepts(input.shape())) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + name + "': " + input.shape() + " (expected: " + shape.get() + ")");
        }
    }

    @Override
    public String toString() {
        return "'" + name + "'" + shape.map(known -> " " + known).orElse("");
    }
}
