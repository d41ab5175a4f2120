// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.javahandler;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.RestartPolicy;
import dev.sluice.model.Signature;

/**
 * A model with the code of its handler, which is closed after it.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class OwnedModel implements LoadedModel {
    private final LoadedModel model;
    private final HandlerJars code;

    OwnedModel(LoadedModel model, HandlerJars code) {
        this.model = model;
        this.code = code;
    }

    /** What it keeps open. */
    HandlerJars code() {
        return code;
    }

    @Override
    public Signature signature() {
        return code.guarded("say what it takes", model::signature);
    }

    @Override
    public ModelInstance newInstance() {
        return code.guarded("make an instance", model::newInstance);
    }

    @Override
    public void forget(String sequenceId) {
        model.forget(sequenceId);
    }

    @Override
    public boolean isComputeOnly() {
        return code.guarded("say how it computes", model::isComputeOnly);
    }

    @Override
    public boolean isOnCards() {
        return model.isOnCards();
    }

    @Override
    public RestartPolicy restarts() {
        return code.guarded("say when it is made anew", model::restarts);
    }

    @Override
    public int startsAtOnce() {
        return code.guarded("say how many are made at once", model::startsAtOnce);
    }

    @Override
    public boolean keepsSequencesByInstance() {
        return code.guarded("say what its instances keep", model::keepsSequencesByInstance);
    }

    @Override
    public void close() {
        try {
            model.close();
        } finally {
            code.close();
        }
    }
}
