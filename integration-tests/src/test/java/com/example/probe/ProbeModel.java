// SPDX-License-Identifier: Apache-2.0
package com.example.probe;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.model.Signature;

/** Nothing but its instances. */
record ProbeModel(HandlerContext context) implements LoadedModel {
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        return new ProbeInstance(context);
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
