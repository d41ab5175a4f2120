// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.python.setup.WorkerGroup;
import dev.sluice.inference.ServingException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker that has loaded its model: its process, the connections to it, and whether it can still be trusted.
 *
 * <p><b>Threads:</b> its instance's; {@link #abort}, {@link #onLoss} and {@link #isLost} from any thread.
 *
 * <p><b>Ownership:</b> owns all of its parts, until it is {@linkplain #end ended}.
 */
final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final Duration TO_END_BY_ITSELF = Duration.ofSeconds(2);

    private final Parts parts;
    private final CompletableFuture<Void> loss = new CompletableFuture<>();

    /** Written by whoever finds out, never taken back: it is gone or speaks nonsense. */
    private volatile boolean isLost;

    /**
     * What a worker is made of.
     *
     * @param name in logs
     * @param process empty for one that somebody else started
     * @param connections one for each of its processes, the first of which answers
     * @param group that its process belongs to
     * @param whenEnded gives back what the worker had of the model's
     */
    record Parts(
            String name,
            Optional<WorkerProcess> process,
            List<WorkerConnection> connections,
            WorkerAddress address,
            Optional<SharedLane> lane,
            WorkerGroup group,
            Runnable whenEnded) {
        /** Ends what there is of it. */
        void end(Duration grace) {
            try {
                connections.forEach(WorkerConnection::close);
                process.ifPresent(running -> running.end(grace));
            } finally {
                try {
                    lane.ifPresent(SharedLane::close);
                    address.clean();
                    group.close();
                } finally {
                    whenEnded.run();
                }
            }
        }
    }

    Worker(Parts parts) {
        this.parts = parts;
        parts.process().ifPresent(running -> running.onExit(() -> loss.complete(null)));
    }

    String name() {
        return parts.name();
    }

    /** The connection over which answers come. */
    WorkerConnection main() {
        return parts.connections().get(0);
    }

    List<WorkerConnection> connections() {
        return parts.connections();
    }

    Optional<SharedLane> lane() {
        return parts.lane();
    }

    OptionalLong processId() {
        return parts.process().map(running -> OptionalLong.of(running.id())).orElse(OptionalLong.empty());
    }

    boolean isLost() {
        return isLost || parts.process().filter(running -> !running.isAlive()).isPresent();
    }

    void onLoss(Runnable action) {
        var unused = loss.thenRun(action);
    }

    /** It is of no use any more, for {@code cause}; what those are told who still wait for it. */
    ServingException lost(Throwable cause) {
        if (!isLost) {
            LOG.error("Worker {} is lost: {}", parts.name(), cause.toString());
        }
        abort();
        return Outcomes.died(cause);
    }

    /** Has whoever waits for it wait no longer; does not block. */
    void abort() {
        isLost = true;
        parts.connections().forEach(WorkerConnection::close);
        loss.complete(null);
    }

    /** Ends it: by closing its connections if it is sound, and by force if not. */
    void end() {
        boolean wasSound = !isLost;
        parts.end(wasSound ? TO_END_BY_ITSELF : Duration.ZERO);
    }
}
