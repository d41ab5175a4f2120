// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.model.Signature;
import java.util.Collections;
import java.util.List;

/**
 * A model that does its {@link Work} and answers with nothing, without allocating more than a list.
 *
 * @param isComputeOnly whether it says so, and may run on the threads that submit
 */
public record StubModel(Work work, boolean isComputeOnly) implements LoadedModel {
    private static final Outcome ANSWER = new Outcome.Success(new InferenceResponse(Requests.MODEL, List.of()));

    /** One that always runs on the scheduler's threads. */
    public StubModel(Work work) {
        this(work, false);
    }

    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        return new Instance(work);
    }

    @Override
    public void close() {}

    private record Instance(Work work) implements ModelInstance {
        @Override
        public void warmUp() {}

        @Override
        public List<Outcome> execute(Batch batch) {
            work.run(batch);
            return Collections.nCopies(batch.size(), ANSWER);
        }

        @Override
        public void close() {}
    }
}
