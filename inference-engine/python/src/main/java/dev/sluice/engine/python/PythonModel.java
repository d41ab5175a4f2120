// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.RestartPolicy;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.LongStream;

/**
 * A model whose handler runs in worker processes, one for each instance.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class PythonModel implements LoadedModel {
    /** As in the original, but for the last, where it goes on to half an hour. Source: spec torchserve, 9.2. */
    private static final List<Duration> DELAYS = LongStream.of(1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 60)
            .mapToObj(Duration::ofSeconds)
            .toList();

    private final ModelSpec spec;
    private final WorkerOptions options;
    private final WorkerStarter starter;
    private final WorkerStarter.Surroundings around;
    private final boolean isOnCards;

    PythonModel(
            ModelSpec spec,
            WorkerOptions options,
            WorkerStarter starter,
            WorkerStarter.Surroundings around,
            boolean isOnCards) {
        this.spec = spec;
        this.options = options;
        this.starter = starter;
        this.around = around;
        this.isOnCards = isOnCards;
    }

    /** Undeclared: what clients send is for the handler to understand. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    /** @throws ServingException {@code LOAD_FAILED} if its worker cannot be started or cannot load the handler */
    @Override
    public ModelInstance newInstance() {
        Worker worker = starter.start();
        try {
            return instance(worker);
        } catch (RuntimeException | Error e) {
            // The machine gives out no more threads.
            worker.abort();
            worker.end();
            throw e;
        }
    }

    private ModelInstance instance(Worker worker) {
        OptionalInt own = options.maxRequests();
        WorkerInstance.Setup setup = new WorkerInstance.Setup(
                around,
                new Outcomes(spec.id(), starter.side()),
                options.parallelType().sendsToAll(),
                own.isPresent() ? own : around.settings().maxRequests());
        int batchSize = spec.batching().maxSize();
        if (options.isAsynchronous()) {
            int mostOpen = Math.max(batchSize, spec.limits().queueCapacity());
            return new AsyncInstance(worker, setup, spec.limits().responseTimeout(), mostOpen).begin();
        }
        return options.isContinuous()
                ? new ContinuousInstance(worker, setup, batchSize)
                : new PythonInstance(worker, setup);
    }

    @Override
    public boolean isOnCards() {
        return isOnCards;
    }

    @Override
    public RestartPolicy restarts() {
        return new RestartPolicy(DELAYS, options.retryWindow());
    }

    @Override
    public int startsAtOnce() {
        return around.settings().startsAtOnce();
    }

    @Override
    public boolean keepsSequencesByInstance() {
        return spec.batching().sequences().isPresent();
    }

    /** Nothing: all there is of it are its instances. */
    @Override
    public void close() {}
}
