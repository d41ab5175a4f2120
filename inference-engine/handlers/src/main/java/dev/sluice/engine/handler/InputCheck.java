// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.Shape;
import java.util.List;
import java.util.Optional;

/** Whether a declared signature is one a row handler can feed. */
final class InputCheck {
    private InputCheck() {}

    /**
     * The model's only input; empty if it declares nothing.
     *
     * @param handler named in messages
     * @throws ServingException {@code INVALID_MODEL} if it takes several inputs, none with rows, or a fixed number of rows
     *     above 1, which no batch of requests can be relied on to have
     */
    static Optional<TensorSpec> onlyInput(String handler, Signature signature) {
        if (!signature.isDeclared()) {
            return Optional.empty();
        }
        List<TensorSpec> inputs = signature.inputs();
        if (inputs.size() != 1) {
            throw invalid(handler + ": the model takes " + inputs.size() + " inputs (expected: 1)");
        }
        requireRows(handler, signature);
        return Optional.of(inputs.get(0));
    }

    /**
     * That each declared input has a dimension for the rows of a batch.
     *
     * @throws ServingException {@code INVALID_MODEL} if one has none, or a fixed number of rows above 1
     */
    static void requireRows(String handler, Signature signature) {
        long rows = signature.isDeclared() ? rows(signature.inputs().get(0)) : Shape.ANY;
        for (TensorSpec input : signature.inputs()) {
            if (rows(input) != Shape.ANY && rows(input) != 1) {
                throw mismatch(handler, input, "an outermost dimension of -1 or 1, for the rows of a batch");
            }
            if (rows(input) != rows) {
                throw mismatch(handler, input, "an outermost dimension of " + rows + ", as of the first input");
            }
        }
    }

    /** Declared rows; 0 for a scalar, which has none. */
    private static long rows(TensorSpec input) {
        return input.shape().rank() == 0 ? 0 : input.shape().dimension(0);
    }

    /** The refusal of a model whose input is not what the handler makes. */
    static ServingException mismatch(String handler, TensorSpec input, String expected) {
        return invalid(handler + ": the model's input '" + input.name() + "' is " + input.type() + " " + input.shape()
                + " (expected: " + expected + ")");
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
