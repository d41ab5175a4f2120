// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.engine.Batch;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.CloseReason;
import dev.sluice.serving.ServingObserver;
import java.util.Optional;

/**
 * Two observers, told one after the other.
 *
 * <p><b>Threads:</b> as those of both.
 */
public record FanOut(ServingObserver first, ServingObserver second) implements ServingObserver {
    @Override
    public void requestAdmitted(ModelRef model, RequestContext context) {
        first.requestAdmitted(model, context);
        second.requestAdmitted(model, context);
    }

    @Override
    public void requestFinished(ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {
        first.requestFinished(model, context, failure, totalNanos);
        second.requestFinished(model, context, failure, totalNanos);
    }

    @Override
    public void requestTaken(ModelId model, InferenceRequest request, long queueNanos) {
        first.requestTaken(model, request, queueNanos);
        second.requestTaken(model, request, queueNanos);
    }

    @Override
    public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {
        first.batchExecuted(model, size, queueNanos, computeNanos);
        second.batchExecuted(model, size, queueNanos, computeNanos);
    }

    @Override
    public void batchAnswered(Batch batch, long computeNanos, long restNanos) {
        first.batchAnswered(batch, computeNanos, restNanos);
        second.batchAnswered(batch, computeNanos, restNanos);
    }

    @Override
    public void batchFormed(ModelId model, int rows, CloseReason reason) {
        first.batchFormed(model, rows, reason);
        second.batchFormed(model, rows, reason);
    }

    @Override
    public void stepExecuted(ModelId model, int size, int joined, long queueNanos, long computeNanos) {
        first.stepExecuted(model, size, joined, queueNanos, computeNanos);
        second.stepExecuted(model, size, joined, queueNanos, computeNanos);
    }

    @Override
    public void batchPadded(ModelId model, int rows) {
        first.batchPadded(model, rows);
        second.batchPadded(model, rows);
    }

    @Override
    public void answeredTwice(ModelId model) {
        first.answeredTwice(model);
        second.answeredTwice(model);
    }

    @Override
    public void instanceReplaced(ModelId model) {
        first.instanceReplaced(model);
        second.instanceReplaced(model);
    }

    @Override
    public void instanceReady(ModelId model, String instance, long loadNanos) {
        first.instanceReady(model, instance, loadNanos);
        second.instanceReady(model, instance, loadNanos);
    }

    @Override
    public void loaded(ModelId model, boolean hasWorked, long nanos) {
        first.loaded(model, hasWorked, nanos);
        second.loaded(model, hasWorked, nanos);
    }

    @Override
    public void memoryMeasured(ModelId model, Moment moment, long residentBytes) {
        first.memoryMeasured(model, moment, residentBytes);
        second.memoryMeasured(model, moment, residentBytes);
    }
}
