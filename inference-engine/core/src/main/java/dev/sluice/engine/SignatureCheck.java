// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Whether tensors are what a model declares. Every engine asks here before its runtime sees any of them. */
public final class SignatureCheck {
    private SignatureCheck() {}

    /**
     * Checks tensors given in the declared order: their number, types, ranks and sizes. Names are not looked at, since whoever
     * made the tensors has matched those.
     *
     * @param declared what the model takes; against {@link Signature#UNDECLARED} everything passes
     * @throws ServingException {@code INVALID_INPUT} naming the input, what came and what the model wants
     */
    public static void check(Signature declared, List<Tensor> inputs) {
        if (!declared.isDeclared()) {
            return;
        }
        List<TensorSpec> wanted = declared.inputs();
        if (inputs.size() != wanted.size()) {
            throw invalid("inputs: " + inputs.size() + " (expected: " + wanted.size() + ", " + listed(wanted) + ")");
        }
        for (int i = 0; i < wanted.size(); i++) {
            check(wanted.get(i), inputs.get(i));
        }
    }

    /**
     * Checks one tensor.
     *
     * @throws ServingException {@code INVALID_INPUT} if {@code input} is not of the type and shape that {@code wanted} says
     */
    public static void check(TensorSpec wanted, Tensor input) {
        if (input.type() != wanted.type() || !wanted.shape().accepts(input.shape())) {
            throw invalid("input '" + wanted.name() + "': " + input.type() + " " + input.shape() + " (expected: "
                    + wanted.type() + " " + wanted.shape() + ")");
        }
    }

    /**
     * Tensors that came by name, in the declared order.
     *
     * @param inputs in any order; kept as they are against {@link Signature#UNDECLARED}
     * @throws ServingException {@code INVALID_INPUT} if a name is unknown, missing or there twice
     */
    public static List<Tensor> inDeclaredOrder(Signature declared, List<Tensor> inputs) {
        if (!declared.isDeclared()) {
            return inputs;
        }
        List<TensorSpec> wanted = declared.inputs();
        for (Tensor input : inputs) {
            if (wanted.stream().noneMatch(spec -> spec.name().equals(input.name()))) {
                throw invalid("input '" + input.name() + "': " + input.type() + " " + input.shape()
                        + " (expected: no input of that name; the model takes " + listed(wanted) + ")");
            }
        }
        List<Tensor> ordered = new ArrayList<>(wanted.size());
        for (TensorSpec spec : wanted) {
            ordered.add(only(spec, inputs));
        }
        return ordered;
    }

    private static Tensor only(TensorSpec wanted, List<Tensor> inputs) {
        List<Tensor> named = inputs.stream()
                .filter(input -> input.name().equals(wanted.name()))
                .toList();
        if (named.size() != 1) {
            throw invalid("input '" + wanted.name() + "': "
                    + (named.isEmpty() ? "missing" : "there " + named.size() + " times") + " (expected: "
                    + wanted.type() + " " + wanted.shape() + ", once)");
        }
        return named.get(0);
    }

    private static String listed(List<TensorSpec> wanted) {
        return wanted.stream()
                .map(spec -> "'" + spec.name() + "' " + spec.type() + " " + spec.shape())
                .collect(Collectors.joining(", "));
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
