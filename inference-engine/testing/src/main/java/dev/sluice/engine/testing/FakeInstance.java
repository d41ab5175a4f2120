// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.engine.Batch;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import java.util.List;

/** One instance of a {@link FakeModel}: reports every use to it, and every use off the thread that made it. */
final class FakeInstance implements ModelInstance {
    private final FakeModel model;
    private final Thread home = Thread.currentThread();

    /** Written by the thread that closes the instance. */
    private volatile boolean closed;

    FakeInstance(FakeModel model) {
        this.model = model;
    }

    @Override
    public void warmUp() {
        check("warmed up");
        model.warmedUp();
    }

    @Override
    public List<Outcome> execute(Batch batch) {
        check("executed");
        model.started(batch);
        try {
            return model.script().run(batch);
        } finally {
            model.ended();
        }
    }

    @Override
    public void close() {
        check("closed");
        if (!closed) {
            closed = true;
            model.instanceClosed();
        }
    }

    private void check(String what) {
        if (closed) {
            model.violated("instance " + what + " after it was closed");
        }
        if (Thread.currentThread() != home) {
            model.violated("instance " + what + " on thread "
                    + Thread.currentThread().getName() + " (expected: " + home.getName() + ")");
        }
    }
}
