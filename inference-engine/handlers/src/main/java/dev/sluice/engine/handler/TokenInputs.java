// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokens;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A text model's inputs, and how tokens become rows of them: by their names, or in the order the configuration gives. A model that declares
 * nothing gets {@code input_ids} and {@code attention_mask}, INT64.
 *
 * @param fixedLength the only length the model takes; empty if it takes any
 */
record TokenInputs(List<Part> parts, OptionalInt fixedLength) {
    private static final List<InputRole> UNDECLARED = List.of(InputRole.IDS, InputRole.ATTENTION);

    /** One input. */
    record Part(InputRole role, DataType type) {}

    /**
     * @param handler named in messages
     * @throws ServingException {@code INVALID_MODEL} if the model wants something else, or the options do not fit it
     */
    static TokenInputs of(String handler, Signature signature, TextOptions options) {
        if (!signature.isDeclared()) {
            List<InputRole> roles = options.inputs().isEmpty() ? UNDECLARED : options.inputs();
            return new TokenInputs(
                    roles.stream().map(role -> new Part(role, DataType.INT64)).toList(), OptionalInt.empty());
        }
        InputCheck.requireRows(handler, signature);
        List<TensorSpec> inputs = signature.inputs();
        if (!options.inputs().isEmpty() && options.inputs().size() != inputs.size()) {
            throw invalid(handler + ": the model takes " + inputs.size() + " inputs (expected: "
                    + options.inputs().size() + ", as the configuration lists)");
        }
        long length = inputs.get(0).shape().rank() == 2 ? inputs.get(0).shape().dimension(1) : 0;
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            TensorSpec input = inputs.get(i);
            boolean isWhole = input.type() == DataType.INT64 || input.type() == DataType.INT32;
            if (!isWhole || input.shape().rank() != 2 || input.shape().dimension(1) != length) {
                throw InputCheck.mismatch(handler, input, "INT64 or INT32 [-1, -1], or of one length for all inputs");
            }
            InputRole role = options.inputs().isEmpty()
                    ? role(handler, input)
                    : options.inputs().get(i);
            parts.add(new Part(role, input.type()));
        }
        if (parts.stream().noneMatch(part -> part.role() == InputRole.IDS)) {
            throw invalid(handler + ": the model's inputs are "
                    + inputs.stream().map(TensorSpec::name).toList() + " (expected: one called input_ids)");
        }
        return new TokenInputs(List.copyOf(parts), fixed(handler, length, options));
    }

    private static OptionalInt fixed(String handler, long length, TextOptions options) {
        if (length == Shape.ANY) {
            return OptionalInt.empty();
        }
        int fixed = Math.toIntExact(length);
        if (options.maxLength().orElse(fixed) > fixed) {
            throw invalid(handler + ": maxLength " + options.maxLength().getAsInt() + " (expected: at most " + fixed
                    + ", the length of the model's inputs)");
        }
        return OptionalInt.of(fixed);
    }

    private static InputRole role(String handler, TensorSpec input) {
        return InputRole.named(input.name())
                .orElseThrow(
                        () -> InputCheck.mismatch(
                                handler,
                                input,
                                "input_ids, attention_mask or token_type_ids; or 'inputs' in the configuration saying what it is"));
    }

    /** Most tokens, as far as model and configuration say. */
    OptionalInt maxLength(TextOptions options) {
        return options.maxLength().isPresent() ? options.maxLength() : fixedLength;
    }

    /** Rows for each input, filled up to the model's length or to the longest. */
    List<Rows> rows(List<Tokens> tokens, int padId) {
        int longest = tokens.stream().mapToInt(Tokens::size).max().orElse(0);
        int length = fixedLength.orElse(longest);
        List<Rows> rows = new ArrayList<>();
        for (Part part : parts) {
            int padding = part.role() == InputRole.IDS ? padId : 0;
            rows.add(new TokenRows(tokens, part, length, padding, fixedLength.isEmpty()));
        }
        return rows;
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
