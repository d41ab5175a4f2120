// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.engine.Batch;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One instance of a {@link FakeModel}: reports every use to it, and every use while another thread uses it. */
final class FakeInstance implements ModelInstance {
    private final FakeModel model;
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

    /** Written by the thread that closes the instance. */
    private volatile boolean closed;

    FakeInstance(FakeModel model) {
        this.model = model;
    }

    @Override
    public void warmUp() {
        enter("warmed up");
        try {
            model.warmedUp();
        } finally {
            user.set(null);
        }
    }

    @Override
    public List<Outcome> execute(Batch batch) {
        enter("executed");
        model.started(batch);
        try {
            return model.script().run(batch);
        } finally {
            model.ended();
            user.set(null);
        }
    }

    @Override
    public void close() {
        enter("closed");
        if (!closed) {
            closed = true;
            model.instanceClosed();
        }
        user.set(null);
    }

    private void enter(String what) {
        if (closed) {
            model.violated("instance " + what + " after it was closed");
        }
        Thread other = user.getAndSet(Thread.currentThread());
        if (other != null) {
            model.violated("instance " + what + " on thread "
                    + Thread.currentThread().getName() + " while thread " + other.getName() + " used it");
        }
    }
}
