// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.ModelInstance;
import dev.sluice.inference.InferenceRequest;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What all instances that run in a worker have in common: the worker, and how it is doing.
 *
 * <p><b>Ownership:</b> owns the worker.
 */
abstract class WorkerInstance implements ModelInstance {
    private static final String DESCRIBE = "describe";
    private static final String EXPLAIN = "explain";
    private static final String YES = "True";

    private final Worker worker;
    private final Setup setup;
    private final RequestEncoder encoder;

    /** The instance's thread: how many requests it has run. */
    private long requests;

    /**
     * What instances of one model share.
     *
     * @param isSentToAll whether each process of a worker gets each request
     * @param maxRequests after how many it is worn
     */
    record Setup(WorkerStarter.Surroundings around, Outcomes outcomes, boolean isSentToAll, OptionalInt maxRequests) {}

    WorkerInstance(Worker worker, Setup setup) {
        this.worker = worker;
        this.setup = setup;
        this.encoder = new RequestEncoder(
                setup.outcomes().side(), worker.lane(), setup.around().allocator());
    }

    final Worker worker() {
        return worker;
    }

    final RequestEncoder encoder() {
        return encoder;
    }

    final Outcomes outcomes() {
        return setup.outcomes();
    }

    final Setup setup() {
        return setup;
    }

    final void count(int more) {
        requests += more;
    }

    /** Puts one message together. */
    @FunctionalInterface
    interface Message {
        void write(FrameWriter to);
    }

    /** Sends a message to whom it concerns: the bytes of requests are read once for each. */
    final void send(Message message) throws IOException {
        int receivers = setup.isSentToAll() ? worker.connections().size() : 1;
        for (int i = 0; i < receivers; i++) {
            WorkerConnection to = worker.connections().get(i);
            message.write(to.writer());
            to.send();
        }
    }

    /** What a handler asks of the first request of a batch, and takes to hold for all of it. */
    enum Kind {
        PREDICTION,
        EXPLANATION,
        /** Always alone. */
        DESCRIPTION;

        static Kind of(InferenceRequest request) {
            Map<String, String> headers = request.context().headers();
            if (YES.equals(headers.get(DESCRIBE))) {
                return DESCRIPTION;
            }
            return YES.equals(headers.get(EXPLAIN)) ? EXPLANATION : PREDICTION;
        }
    }

    /** Nothing: the handler has seen to that while it loaded. */
    @Override
    public final void warmUp() {}

    @Override
    public final Condition condition() {
        if (worker.isLost()) {
            return Condition.LOST;
        }
        boolean isWorn = setup.maxRequests().isPresent()
                && requests >= setup.maxRequests().getAsInt();
        return isWorn ? Condition.WORN : Condition.FIT;
    }

    @Override
    public final void onLoss(Runnable action) {
        worker.onLoss(action);
    }

    @Override
    public final boolean canAbort() {
        return true;
    }

    @Override
    public final void abort() {
        worker.abort();
    }

    @Override
    public final OptionalLong processId() {
        return worker.processId();
    }

    @Override
    public void close() {
        worker.end();
    }
}
