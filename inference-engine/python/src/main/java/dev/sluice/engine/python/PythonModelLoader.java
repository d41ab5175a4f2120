// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Sample;
import dev.sluice.engine.SampleFolder;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.engine.python.setup.PythonEnvironments;
import dev.sluice.engine.python.setup.WorkerGroups;
import dev.sluice.engine.python.setup.WorkerVariables;
import dev.sluice.model.ModelSpec;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Loads models whose handler is written in Python, to be run by worker processes, and leaves all others to another loader.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closed after all models it loaded.
 */
public final class PythonModelLoader implements ModelLoader, AutoCloseable {
    /** What a spec's {@code engine} says of a model with a Python handler. */
    public static final String ENGINE = "python";

    private static final List<String> CARD_LISTING = List.of("nvidia-smi", "--list-gpus");

    private final ModelLoader others;
    private final PythonEnvironments environments;
    private final WorkerStarter.Surroundings around;
    private final Cards cards;

    /**
     * A loader that starts nothing before it is asked to.
     *
     * @param others loads what is not Python's
     * @param lines takes what workers print
     */
    public PythonModelLoader(
            ModelLoader others,
            WorkerSettings settings,
            EnvironmentSettings environments,
            HandlerContext context,
            WorkerLines lines) {
        this.others = others;
        this.environments = new PythonEnvironments(environments);
        this.around = new WorkerStarter.Surroundings(
                settings,
                environments,
                new WorkerGroups(environments),
                new WorkerVariables(environments),
                new WorkerAddresses(settings, environments.user()),
                context.allocator(),
                lines,
                timer());
        this.cards = new Cards(environments.serverVariables(), CARD_LISTING, settings.cards());
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "python-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    @Override
    public void check(ModelSpec spec) {
        if (!isPython(spec)) {
            others.check(spec);
        } else {
            var unused = WorkerOptions.of(spec);
            PythonEnvironments.check(spec);
        }
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        if (!isPython(spec)) {
            return others.load(spec);
        }
        WorkerOptions options = WorkerOptions.of(spec);
        CardShare share = new CardShare(spec, cards, options.parallelLevel());
        WorkerStarter starter = new WorkerStarter(around, spec, options, environments.prepare(spec), share);
        return new PythonModel(spec, options, starter, around, share.isOnCards());
    }

    @Override
    public List<Sample> samples(ModelSpec spec) {
        return isPython(spec) ? SampleFolder.read(spec.files().root()) : others.samples(spec);
    }

    private static boolean isPython(ModelSpec spec) {
        return spec.engine().filter(ENGINE::equals).isPresent();
    }

    /** How many graphics cards workers may use; counts them at the first call, which may take seconds. */
    public int cards() {
        return cards.count();
    }

    @Override
    public void close() {
        around.timer().shutdownNow();
        around.addresses().close();
        environments.close();
    }
}
