// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a model's own configuration says of its workers. A key of the original with a value that is none is passed over with a warning, as
 * the original does; one of ours, below {@code sluice.worker}, is refused.
 *
 * @param side whose worker runs it; empty for what the server says
 * @param retryWindow how long after its first failure a worker counts as being tried again; zero for no tries
 * @param parallelLevel processes or cards of one worker; 0 if it is not spread over several
 * @param torchrun how several processes are started
 * @param isContinuous whether requests join and leave between two calls of the handler
 * @param isAsynchronous whether requests go out as they come, and are answered in any order
 * @param maxRequests after how many requests a worker is replaced; empty for what the server says
 * @param sharedMemoryBytes memory shared with each worker; empty for what the server says
 */
public record WorkerOptions(
        Optional<Side> side,
        Duration retryWindow,
        ParallelType parallelType,
        int parallelLevel,
        TorchrunOptions torchrun,
        boolean isContinuous,
        boolean isAsynchronous,
        OptionalInt maxRequests,
        OptionalLong sharedMemoryBytes) {
    private static final int RETRY_SECONDS = 300;

    /**
     * Those of one model.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming what cannot be used
     */
    public static WorkerOptions of(ModelSpec spec) {
        OptionReader options = new OptionReader("Model " + spec.id(), spec.options());
        OptionReader worker = options.below("sluice").below("worker");
        OptionReader torchrun = options.below("torchrun");
        ParallelType type = options.choice("parallelType", ParallelType.class).orElse(ParallelType.NONE);
        TorchrunOptions launch = torchrun(torchrun);
        int level = torchrun.isEmpty()
                ? options.number("parallelLevel", 0).orElse(0)
                : launch.processesPerNode();
        boolean isSpread = type != ParallelType.NONE && level > 0;
        return new WorkerOptions(
                worker.strict().choice("side", Side.class),
                Duration.ofSeconds(options.number("maxRetryTimeoutInSec", 0).orElse(RETRY_SECONDS)),
                isSpread ? type : ParallelType.NONE,
                isSpread ? level : 0,
                launch,
                options.flag("continuousBatching"),
                options.flag("asyncCommunication"),
                worker.strict().number("maxRequests", 1),
                worker.strict().size("sharedMemory"));
    }

    private static TorchrunOptions torchrun(OptionReader options) {
        return new TorchrunOptions(
                options.number("nnodes", 1).orElse(1),
                options.number("nproc-per-node", 1).orElse(1),
                options.text("rdzv-backend").orElse("c10d"),
                options.text("rdzv-endpoint"),
                options.text("master-addr"),
                options.number("master-port", 1).orElse(0),
                options.number("OMP_NUMBER_THREADS", 1).orElse(1));
    }

    /** How many processes of one worker are talked to. */
    int connections() {
        return parallelType.hasRanks() && !isAsynchronous ? parallelLevel : 1;
    }
}
