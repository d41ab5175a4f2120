// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code handler.baseHandler.inputs} in a model's configuration file says the model takes, for formats that do not say it, such
 * as TorchScript: a list of {@code name}, {@code type} and {@code shape}, the rows' dimension included.
 */
final class DeclaredInputs {
    private static final List<String> TYPES =
            Arrays.stream(DataType.values()).map(DataType::name).toList();

    private DeclaredInputs() {}

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static Signature of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "baseHandler");
        options.allowOnly(Set.of("inputs"));
        List<TensorSpec> inputs = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (OptionMap input : options.blocks("inputs")) {
            input.allowOnly(Set.of("name", "type", "shape"));
            String name = input.text("name", "");
            if (name.isEmpty() || !names.add(name)) {
                throw input.refused("name", "a name no other input has");
            }
            String type =
                    input.word("type", TYPES).orElseThrow(() -> input.refused("type", String.join(" or ", TYPES)));
            inputs.add(new TensorSpec(name, DataType.valueOf(type), shape(input)));
        }
        return new Signature(inputs, List.of());
    }

    private static Shape shape(OptionMap input) {
        String expected = "a list of sizes, -1 where any will do, the first for the rows of a batch";
        long[] dimensions = input.wholeNumbers("shape").orElseThrow(() -> input.refused("shape", expected));
        if (dimensions.length == 0 || Arrays.stream(dimensions).anyMatch(size -> size < Shape.ANY)) {
            throw input.refused("shape", expected);
        }
        return Shape.of(dimensions);
    }
}
