// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.util.List;

/**
 * Declared inputs and outputs of a model, in the order the model lists them. A model that does not say what it takes
 * (TorchScript, Python handlers) has the {@link #UNDECLARED} signature, against which nothing can be checked.
 */
public record Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    public static final Signature UNDECLARED = new Signature(List.of(), List.of());

    public Signature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** Whether the model said what it takes. */
    public boolean isDeclared() {
        return !inputs.isEmpty();
    }
}
