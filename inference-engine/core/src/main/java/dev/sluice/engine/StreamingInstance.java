// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;

/**
 * An instance whose answers have parts, or that is free again before they are there.
 *
 * <p><b>Threads:</b> as for every instance; answers come from any thread.
 */
public interface StreamingInstance extends ModelInstance {
    /**
     * Runs a batch and hands over each part of each answer when it is there.
     *
     * <p><b>Ownership:</b> the requests stay the caller's, each read only until it has ended. Those that have not ended when this
     * returns fail, unless the instance {@linkplain #answersLater() answers later}.
     *
     * @throws RuntimeException if the batch as a whole failed; the caller then fails every request in it that has not ended
     */
    void execute(Batch batch, BatchSink answers);

    /**
     * Whether it is free again before its answers are there: then requests stay open when a call returns, and each is ended later,
     * from any thread. How many are open at once is for the model to bound. One that is lost ends them with {@code INSTANCE_DIED};
     * one that is closed, since it is worn or not needed any more, lets them end first.
     */
    default boolean answersLater() {
        return false;
    }

    /** Runs a batch and waits for whole answers: the outputs of all parts, one after the other. */
    @Override
    default List<Outcome> execute(Batch batch) {
        WholeAnswers answers = new WholeAnswers(batch);
        execute(batch, answers);
        return answers.await();
    }
}
