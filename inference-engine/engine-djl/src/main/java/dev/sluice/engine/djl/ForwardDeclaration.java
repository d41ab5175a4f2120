// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.EngineException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The arguments of a module's {@code forward}, as TorchScript writes them: {@code Tensor[] xs}, {@code int k=2}.
 *
 * @param arguments without the module itself
 */
record ForwardDeclaration(List<String> arguments) {
    private static final String START = "Declaration: forward(";

    /**
     * More than modules take. One that takes more refuses them for their types, being all numbers. Not many more: the binding loses its copy
     * of their addresses with each refusal.
     */
    private static final int TOO_MANY = 32;

    ForwardDeclaration {
        arguments = List.copyOf(arguments);
    }

    /**
     * What {@code module} declares. The binding has no call that tells, but libtorch does when it refuses arguments, before any line of
     * the module runs.
     */
    static ForwardDeclaration of(long module) {
        try (TorchScope scope = new TorchScope()) {
            long[] values = new long[TOO_MANY];
            Arrays.fill(values, scope.value(TorchNatives.valueOfLong(0)));
            scope.value(TorchNatives.run(module, "forward", values));
            return new ForwardDeclaration(List.of());
        } catch (EngineException refusal) {
            return parse(String.valueOf(refusal.getMessage()));
        }
    }

    /** What a refusal says; nothing if it says nothing of it. */
    static ForwardDeclaration parse(String refusal) {
        int start = refusal.indexOf(START);
        List<String> arguments = new ArrayList<>();
        int depth = 0;
        int from = start + START.length();
        for (int i = from; start >= 0 && i < refusal.length() && depth >= 0; i++) {
            char c = refusal.charAt(i);
            depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
            if (depth < 0 || (depth == 0 && c == ',')) {
                arguments.add(refusal.substring(from, i).strip());
                from = i + 1;
            }
        }
        return new ForwardDeclaration(arguments.isEmpty() ? arguments : arguments.subList(1, arguments.size()));
    }

    /** The style in which tensors alone can be passed. */
    InputStyle style() {
        boolean one = !arguments.isEmpty()
                && arguments.stream().skip(1).allMatch(argument -> argument.contains("=")); // has a default
        if (!one) {
            return InputStyle.POSITIONAL;
        }
        String first = arguments.get(0);
        if (first.startsWith("Tensor[] ")) {
            return InputStyle.LIST;
        }
        if (first.startsWith("Dict(str, Tensor) ")) {
            return InputStyle.DICT;
        }
        return first.startsWith("(") ? InputStyle.TUPLE : InputStyle.POSITIONAL;
    }
}
