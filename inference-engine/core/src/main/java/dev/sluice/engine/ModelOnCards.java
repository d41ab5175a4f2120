// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Signature;

/**
 * A model all of whose instances run on graphics cards, and says so.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class ModelOnCards implements LoadedModel {
    private final LoadedModel model;

    ModelOnCards(LoadedModel model) {
        this.model = model;
    }

    @Override
    public boolean isOnCards() {
        return true;
    }

    @Override
    public Signature signature() {
        return model.signature();
    }

    @Override
    public ModelInstance newInstance() {
        return model.newInstance();
    }

    @Override
    public void forget(String sequenceId) {
        model.forget(sequenceId);
    }

    @Override
    public boolean isComputeOnly() {
        return model.isComputeOnly();
    }

    @Override
    public RestartPolicy restarts() {
        return model.restarts();
    }

    @Override
    public int startsAtOnce() {
        return model.startsAtOnce();
    }

    @Override
    public boolean keepsSequencesByInstance() {
        return model.keepsSequencesByInstance();
    }

    @Override
    public void close() {
        model.close();
    }
}
