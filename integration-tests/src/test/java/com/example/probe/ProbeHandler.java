// SPDX-License-Identifier: Apache-2.0
package com.example.probe;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.util.Map;
import java.util.Set;

/**
 * A handler without a model. What it does is said by the request's header {@code probe}: see {@link ProbeInstance}. In a model's
 * configuration {@code handler: {probe: {fails: true}}} makes loading fail.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class ProbeHandler implements HandlerProvider {
    @Override
    public Set<String> names() {
        return Set.of("probe");
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public boolean worksAlone() {
        return true;
    }

    @Override
    public LoadedModel attach(ModelSpec spec, HandlerContext context) {
        if (spec.options().get("handler") instanceof Map<?, ?> handler
                && handler.get("probe") instanceof Map<?, ?> probe
                && Boolean.TRUE.equals(probe.get("fails"))) {
            throw new ServingException(ErrorCode.LOAD_FAILED, "handler probe: fails: true");
        }
        return new ProbeModel(context);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        model.close();
        return attach(spec, context);
    }
}
