// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.tensor.Shape;
import java.util.List;

/**
 * A tiny model that an engine's own jar carries, and what it must answer: how an installed engine shows that it works on this
 * machine. All numbers are FP32.
 *
 * @param resource name of the model file, absolute, in the class loader of the provider; its suffix is one of the provider's
 * @param shape of the only input
 * @param input the input's elements
 * @param expected the elements of the first output, to a relative error of 1e-5
 */
public record EngineTrial(String resource, Shape shape, List<Float> input, List<Float> expected) {
    public EngineTrial {
        input = List.copyOf(input);
        expected = List.copyOf(expected);
        if (shape.elementCount() != input.size()) {
            throw new IllegalArgumentException(
                    "input: " + input.size() + " numbers (expected: " + shape.elementCount() + " for " + shape + ")");
        }
    }
}
