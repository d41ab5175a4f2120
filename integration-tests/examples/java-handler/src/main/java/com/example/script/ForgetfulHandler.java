// SPDX-License-Identifier: Apache-2.0
package com.example.script;

import dev.sluice.engine.Batch;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.util.List;
import java.util.Set;

/**
 * Gives a batch no answers at all, which is a mistake: one is due for each request.
 *
 * <p><b>Threads:</b> safe from any thread: it keeps nothing.
 */
public final class ForgetfulHandler implements HandlerProvider, LoadedModel, ModelInstance {
    @Override
    public Set<String> names() {
        return Set.of("forgetful");
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
        return this;
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        throw new ServingException(ErrorCode.INVALID_MODEL, "handler forgetful: a model (expected: none)");
    }

    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        return this;
    }

    @Override
    public void warmUp() {
        // Nothing to warm.
    }

    @Override
    public List<Outcome> execute(Batch batch) {
        return List.of();
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
