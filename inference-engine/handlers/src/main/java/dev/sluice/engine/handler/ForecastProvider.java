// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import java.util.Set;

/**
 * Puts {@code forecast} in front of a model that maps what was, {@code [rows, context]} or {@code [rows, context, 1 + features]}
 * of FP32, perhaps with a mask {@code [rows, context]}, to what comes next: {@code [rows, steps]} or {@code [rows, quantiles,
 * steps]}. Configured under {@code handler.forecast}; see {@link ForecastOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class ForecastProvider implements HandlerProvider {
    @Override
    public Set<String> names() {
        return Set.of(ForecastOptions.HANDLER);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        ForecastOptions options = ForecastOptions.of(spec, model.signature());
        return new RowModel(model, spec, context.allocator(), () -> new Forecaster(options), true);
    }
}
