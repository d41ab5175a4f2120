// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.model.ModelSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The command line of a worker.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> spec torchserve, 7.2.
 */
final class WorkerCommand {
    private static final int MOST_RESTARTS = 1;

    private final WorkerSettings settings;
    private final WorkerOptions options;
    private final ModelSpec spec;
    private final Side side;
    private final Path launcherLogs;

    /** @param serverVariables of this process */
    WorkerCommand(
            WorkerSettings settings,
            WorkerOptions options,
            ModelSpec spec,
            Side side,
            Map<String, String> serverVariables) {
        this.settings = settings;
        this.options = options;
        this.spec = spec;
        this.side = side;
        this.launcherLogs = Path.of(serverVariables.getOrDefault("LOG_LOCATION", "logs"))
                .resolve("torchelastic_ts")
                .toAbsolutePath();
    }

    /**
     * All of it.
     *
     * @param guard what is done before anything of the model's can run; empty for nothing
     * @param hosting what the worker does for itself before it runs the handler
     * @param lane arguments that say where shared memory is; empty for none
     * @param index of the worker among those of the model
     */
    List<String> of(
            Path interpreter,
            WorkerAddress address,
            List<String> guard,
            List<String> hosting,
            List<String> lane,
            int index) {
        List<String> command = new ArrayList<>(guarded(interpreter, guard));
        command.add(interpreter.toString());
        if (options.parallelType().hasRanks()) {
            command.addAll(torchrun(address));
        } else if (settings.cpuLauncherArgs().isPresent()) {
            command.addAll(cpuLauncher(settings.cpuLauncherArgs().get(), index));
        }
        command.add(script("__main__.py"));
        command.add(side == Side.OWN ? "serve" : "original");
        command.add("--watch-stdin");
        command.addAll(hosting);
        if (side == Side.ORIGINAL) {
            command.add("--");
        }
        command.addAll(address.arguments());
        settings.metricsDefinitions().ifPresent(file -> command.addAll(List.of("--metrics-config", file.toString())));
        if (options.isAsynchronous()) {
            command.add("--async");
        }
        if (side == Side.OWN) {
            command.addAll(List.of("--max-response", Integer.toString(settings.maxResponseBytes())));
            command.addAll(lane);
        }
        return command;
    }

    /** The interpreter itself must not run what lies on the model's path, as it does for modules of certain names. */
    private List<String> guarded(Path interpreter, List<String> guard) {
        if (guard.isEmpty()) {
            return List.of();
        }
        List<String> arguments = new ArrayList<>(List.of(interpreter.toString(), "-I", "-S", script("guarding.py")));
        arguments.addAll(guard);
        arguments.add("--");
        return arguments;
    }

    private String script(String name) {
        return settings.home().resolve("sluice_worker").resolve(name).toString();
    }

    private List<String> torchrun(WorkerAddress address) {
        TorchrunOptions run = options.torchrun();
        List<String> arguments = new ArrayList<>(List.of(
                "-m",
                "torch.distributed.run",
                "--nnodes",
                Integer.toString(run.nodes()),
                "--nproc-per-node",
                Integer.toString(options.parallelLevel()),
                "--log-dir",
                launcherLogs.toString(),
                "--rdzv-backend",
                run.backend()));
        run.endpoint().ifPresent(endpoint -> arguments.addAll(List.of("--rdzv-endpoint", endpoint)));
        arguments.addAll(List.of("--rdzv-id", spec.id().name() + "_" + address.number()));
        run.masterAddress()
                .ifPresent(master -> arguments.addAll(
                        List.of("--master-addr", master, "--master-port", Integer.toString(run.masterPort()))));
        arguments.addAll(List.of("--max-restarts", Integer.toString(MOST_RESTARTS)));
        return arguments;
    }

    private List<String> cpuLauncher(String given, int index) {
        List<String> arguments = new ArrayList<>(List.of("-m", "torch.backends.xeon.run_cpu"));
        Arrays.stream(given.strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .forEach(arguments::add);
        int workers = spec.instances().min();
        if (workers > 1) {
            arguments.addAll(
                    List.of("--ninstances", Integer.toString(workers), "--rank", Integer.toString(index % workers)));
        }
        return arguments;
    }
}
