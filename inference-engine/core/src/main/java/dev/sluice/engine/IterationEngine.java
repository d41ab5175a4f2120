// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;
import java.util.List;

/**
 * An instance that works on several requests at once, step by step, as models do that write an answer token by token. Requests begin
 * between two steps, each in a slot of its own, and leave as soon as their answer is complete: a short one does not wait for the
 * longest.
 *
 * <p><b>Threads:</b> as for every instance.
 *
 * <p><b>Source:</b> iteration-level scheduling, "Orca: A Distributed Serving System for Transformer-Based Generative Models", OSDI 2022.
 */
public interface IterationEngine extends ModelInstance {
    /** Most requests in work at once, always the same; they are numbered from 0. */
    int slots();

    /**
     * Takes a request in, as of the next step.
     *
     * <p><b>Ownership:</b> the request stays the caller's, and is read until it has ended or its slot is freed, whichever is first.
     *
     * @param slot one that is free
     * @throws RuntimeException if the request cannot be used; the caller then frees the slot and fails this request alone
     */
    void begin(int slot, InferenceRequest request);

    /**
     * Makes one step for each request in work. Parts of answers, and their ends, go to {@code answers}, by slot; the caller frees the
     * slots of those that ended.
     *
     * @param active the slots in work, one or more
     * @throws RuntimeException if the step failed; the caller then fails all requests in work and frees their slots
     */
    void step(List<Integer> active, BatchSink answers);

    /** Forgets what is in {@code slot}: its request has ended, or is not wanted any more. */
    void free(int slot);

    /** Runs the requests one after the other, for whole answers: the outputs of all parts. Not while others are in work. */
    @Override
    default List<Outcome> execute(Batch batch) {
        WholeAnswers answers = new WholeAnswers(batch);
        for (int i = 0; i < batch.size(); i++) {
            answers.run(this, i);
        }
        return answers.await();
    }
}
