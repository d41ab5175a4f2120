// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Batch;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Runs a batch for any handler: decodes each request to rows, gathers rows of one type and shape, runs the model once for
 * them, and scatters what comes out. A request whose rows cannot be decoded fails alone.
 *
 * <p>An engine's exception fails the rows it was given, outputs of the wrong form the request that is to be answered with them.
 * When that was the whole batch it is thrown, so that the caller learns that the batch as such failed.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class RowInstance implements ModelInstance {
    private final TensorInstance instance;
    private final RowCodec codec;
    private final InputBuffers buffers;
    private final BufferAllocator allocator;
    private final int maxBatch;

    RowInstance(
            TensorInstance instance, RowCodec codec, InputBuffers buffers, BufferAllocator allocator, int maxBatch) {
        this.allocator = allocator;
        this.instance = instance;
        this.codec = codec;
        this.buffers = buffers;
        this.maxBatch = maxBatch;
    }

    /** At each allowed size, else at one row and at the largest batch: runtimes choose kernels and arenas by shape. */
    @Override
    public void warmUp() {
        List<Rows> sample = codec.sample();
        if (sample.isEmpty()) {
            return;
        }
        DecodedRequest one = new DecodedRequest(sample, 0);
        int most = codec.runsAlone() ? 1 : buffers.rowsPerRun(one);
        Padding.sizesToWarm(buffers.sizes(), maxBatch).stream()
                .map(size -> Math.min(size, most))
                .distinct()
                .forEach(size -> run(Collections.nCopies(size, one)).forEach(Tensor::release));
    }

    @Override
    public List<Outcome> execute(Batch batch) {
        Outcome[] outcomes = new Outcome[batch.size()];
        List<DecodedRequest> decoded = new ArrayList<>(batch.size());
        try {
            decode(batch, decoded, outcomes);
            for (List<DecodedRequest> run : DecodedRequest.runs(decoded, buffers, codec.runsAlone())) {
                answer(batch, run, outcomes);
            }
            return List.of(outcomes);
        } catch (RuntimeException | Error e) {
            release(outcomes);
            throw e;
        } finally {
            decoded.forEach(DecodedRequest::release);
        }
    }

    @Override
    public void close() {
        codec.close();
        instance.close();
    }

    /** What can be decoded goes to {@code decoded}, the rest straight to {@code outcomes}. */
    private void decode(Batch batch, List<DecodedRequest> decoded, Outcome[] outcomes) {
        for (int i = 0; i < batch.size(); i++) {
            try {
                DecodedRequest request =
                        new DecodedRequest(codec.decode(batch.requests().get(i)), i);
                decoded.add(request);
                requireRoom(request);
            } catch (RuntimeException e) {
                outcomes[i] = new Outcome.Failure(ServingException.from(e));
            }
        }
        decoded.removeIf(request -> {
            boolean isRefused = outcomes[request.index()] != null;
            if (isRefused) {
                request.release();
            }
            return isRefused;
        });
    }

    private void requireRoom(DecodedRequest request) {
        int most = buffers.rowsPerRun(request);
        if (request.count() > most) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "rows: " + request.count() + " (expected: " + most + " at most)");
        }
    }

    private void answer(Batch batch, List<DecodedRequest> run, Outcome[] outcomes) {
        List<Tensor> outputs;
        try {
            outputs = run(run);
        } catch (RuntimeException e) {
            if (run.size() == outcomes.length) {
                throw e;
            }
            run.forEach(request -> outcomes[request.index()] = new Outcome.Failure(ServingException.from(e)));
            return;
        }
        try {
            answer(batch, run, outputs, outcomes);
        } finally {
            outputs.forEach(Tensor::release);
        }
    }

    private void answer(Batch batch, List<DecodedRequest> run, List<Tensor> outputs, Outcome[] outcomes) {
        // What was computed for padding stays where it is.
        int engineRows = buffers.sizes().holding(DecodedRequest.count(run));
        int first = 0;
        int misshapen = 0;
        for (DecodedRequest request : run) {
            OutputSlice slice = codec.runsAlone()
                    ? OutputSlice.whole(outputs)
                    : OutputSlice.of(outputs, first, request.count(), engineRows);
            Outcome outcome = outcome(batch.model(), batch.requests().get(request.index()), slice);
            outcomes[request.index()] = outcome;
            first += request.count();
            misshapen += isMisshapen(outcome) ? 1 : 0;
            if (misshapen == outcomes.length) {
                throw ((Outcome.Failure) outcome).cause();
            }
        }
    }

    private static boolean isMisshapen(Outcome outcome) {
        return outcome instanceof Outcome.Failure failure && failure.cause().code() == ErrorCode.INVALID_MODEL;
    }

    /** Whatever keeps this request from being answered says nothing about its neighbours. */
    private Outcome outcome(ModelId model, InferenceRequest request, OutputSlice outputs) {
        try {
            return new Outcome.Success(new InferenceResponse(model, codec.encode(request, outputs, allocator)));
        } catch (RuntimeException e) {
            return new Outcome.Failure(ServingException.from(e));
        }
    }

    private List<Tensor> run(List<DecodedRequest> requests) {
        List<Tensor> inputs = buffers.gather(requests);
        try {
            return instance.run(inputs);
        } finally {
            inputs.forEach(Tensor::release);
        }
    }

    /** Gives back the answers there are, for a batch that fails as a whole. */
    static void release(Outcome[] outcomes) {
        for (Outcome outcome : outcomes) {
            if (outcome instanceof Outcome.Success success) {
                success.response().release();
            }
        }
    }
}
