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
            requireDeclared(declared, input.name());
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
        if (named.isEmpty()) {
            throw missing(wanted);
        }
        if (named.size() > 1) {
            throw invalid("input '" + wanted.name() + "': "
                    + "there " + named.size() + " times (expected: "
                    + wanted.type() + " " + wanted.shape() + ", once)");
        }
        return named.get(0);
    }

    /**
     * Checks a name.
     *
     * @throws ServingException {@code INVALID_INPUT} if {@code declared} has no input called {@code name}
     */
    public static void requireDeclared(Signature declared, String name) {
        if (declared.inputs().stream().noneMatch(spec -> spec.name().equals(name))) {
            throw invalid("input '" + name + "': unknown (expected: one of " + listed(declared) + ")");
        }
    }

    /** The failure of a request without {@code wanted}. */
    public static ServingException missing(TensorSpec wanted) {
        return invalid(
                "input '" + wanted.name() + "': missing (expected: " + wanted.type() + " " + wanted.shape() + ")");
    }

    /** The declared inputs, for messages. */
    public static String listed(Signature declared) {
        return listed(declared.inputs());
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
