// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts {@code stateful} in front of a recurrent model with one numeric input: nested JSON lists in, nested JSON lists out, and between
 * the requests of a sequence the model's state is kept. Configured under {@code handler.stateful.state}: outputs that come back as
 * inputs, by the names of these; default {@code {state: next_state}}. A request that belongs to no sequence starts from zeros, and
 * nothing is kept of it.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class StatefulProvider implements HandlerProvider {
    private static final String NAME = "stateful";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        if (!model.signature().isDeclared()) {
            throw invalid("the model does not say what it takes (expected: one that does)");
        }
        if (spec.batching().sequences().isEmpty()) {
            throw invalid("sequenceBatching: false (expected: true, since it keeps a state for each sequence)");
        }
        OptionMap options = OptionMap.ofHandler(spec.options(), NAME);
        options.allowOnly(Set.of("state"));
        int maxRows = spec.batching().maxSize();
        CarriedState state = CarriedState.of(
                "handler.stateful.state",
                model.signature(),
                options.texts("state", Map.of("state", "next_state")),
                maxRows);
        List<TensorSpec> data = model.signature().inputs().stream()
                .filter(input -> !state.takes(input.name()))
                .toList();
        if (data.size() != 1 || !NumberSink.takes(data.get(0).type())) {
            throw invalid("the model's inputs beside its state: " + data
                    + " (expected: one, of BOOL, an integer type, FP32 or FP64)");
        }
        CarriedState.requireRows(NAME, data.get(0), maxRows);
        return new StatefulModel(model, state, data.get(0), spec.batching(), allocator);
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, NAME + ": " + message);
    }
}
