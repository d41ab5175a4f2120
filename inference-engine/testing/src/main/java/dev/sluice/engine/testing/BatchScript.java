// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.engine.Batch;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** What a {@link FakeModel} does with a batch. */
@FunctionalInterface
public interface BatchScript {
    /** As {@link dev.sluice.engine.ModelInstance#execute(Batch)}. */
    List<Outcome> run(Batch batch);

    /** Answers each request with its own inputs, the bytes shared and not copied. */
    static BatchScript echo() {
        return batch -> batch.requests().stream()
                .<Outcome>map(request -> new Outcome.Success(echo(batch.model(), request)))
                .toList();
    }

    /** Fails each request by itself. */
    static BatchScript failEach(ServingException cause) {
        return batch -> batch.requests().stream()
                .<Outcome>map(request -> new Outcome.Failure(cause))
                .toList();
    }

    /** Fails the batch as a whole. */
    static BatchScript throwing(Supplier<? extends RuntimeException> failure) {
        return batch -> {
            throw failure.get();
        };
    }

    /** Breaks the contract: echoes, with the last outcome missing. */
    static BatchScript tooFew() {
        return batch -> {
            Batch rest = new Batch(batch.model(), batch.requests().subList(0, batch.size() - 1));
            return echo().run(rest);
        };
    }

    /** Breaks the contract: echoes, with one outcome more than requests. */
    static BatchScript tooMany() {
        return batch -> {
            List<InferenceRequest> requests = new ArrayList<>(batch.requests());
            requests.add(batch.requests().get(0));
            return echo().run(new Batch(batch.model(), requests));
        };
    }

    /** This, once {@code gate} lets the batch through. */
    default BatchScript behind(Gate gate) {
        return batch -> {
            gate.pass();
            return run(batch);
        };
    }

    /** This for the first {@code batches} batches of all instances together, {@code next} for those after. */
    default BatchScript times(int batches, BatchScript next) {
        AtomicInteger left = new AtomicInteger(batches);
        return batch -> (left.getAndDecrement() > 0 ? this : next).run(batch);
    }

    private static InferenceResponse echo(ModelId model, InferenceRequest request) {
        return new InferenceResponse(
                model, request.inputs().stream().map(BatchScript::echo).toList());
    }

    private static Output echo(Input input) {
        if (input instanceof Input.OfTensor tensor) {
            tensor.tensor().data().retain();
            return new Output.OfTensor(tensor.tensor());
        }
        Input.OfContent content = (Input.OfContent) input;
        return new Output.OfContent(content.contentType(), content.content().retain());
    }
}
