// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers how requests finished. */
final class RecordingObserver implements ServingObserver {
    /** One finished request. */
    record Finished(ModelRef model, Optional<ErrorCode> failure, long totalNanos) {}

    private final List<Finished> finished = new CopyOnWriteArrayList<>();
    private final List<ModelId> answeredTwice = new CopyOnWriteArrayList<>();

    @Override
    public void requestFinished(ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {
        finished.add(new Finished(model, failure, totalNanos));
    }

    @Override
    public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {}

    @Override
    public void answeredTwice(ModelId model) {
        answeredTwice.add(model);
    }

    List<ModelId> answeredTwice() {
        return List.copyOf(answeredTwice);
    }

    List<Finished> finished() {
        return List.copyOf(finished);
    }
}
