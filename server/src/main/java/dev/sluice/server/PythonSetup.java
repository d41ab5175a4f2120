// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.python.PythonModelLoader;
import dev.sluice.engine.python.Side;
import dev.sluice.engine.python.WorkerLines;
import dev.sluice.engine.python.WorkerSettings;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.config.WireConfig;
import dev.sluice.server.config.WorkersConfig;
import dev.sluice.server.repository.WorkDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What runs Python handlers, as the configuration says.
 *
 * <p><b>Threads:</b> made and closed by the threads of {@link ServerApp}; the loader is safe from any.
 */
final class PythonSetup implements AutoCloseable {
    private final ModelLoader loader;
    private final Optional<PythonModelLoader> workers;

    private PythonSetup(ModelLoader loader, Optional<PythonModelLoader> workers) {
        this.loader = loader;
        this.workers = workers;
    }

    /**
     * One that leaves to {@code others} what is not Python's.
     *
     * @param variables of this process
     * @param lines takes what workers print
     */
    static PythonSetup of(
            ServerConfig config,
            WorkDirectory work,
            Map<String, String> variables,
            HandlerContext context,
            WorkerLines lines,
            ModelLoader others) {
        Optional<Path> home = config.workers().directory();
        if (home.isEmpty()) {
            return new PythonSetup(new NoPythonLoader(others), Optional.empty());
        }
        if (config.workers().user().isPresent()) {
            work.openToOthers();
        }
        PythonModelLoader workers = new PythonModelLoader(
                others,
                settings(config, home.get(), work, cards(config, variables)),
                environments(config, work, variables),
                context,
                lines);
        return new PythonSetup(workers, Optional.of(workers));
    }

    /** Graphics cards that workers may have. */
    static int cards(ServerConfig config, Map<String, String> variables) {
        return Math.min(config.engines().cards(), GraphicsCards.ofThisMachine().visible(variables));
    }

    static WorkerSettings settings(ServerConfig config, Path home, WorkDirectory work, int cards) {
        WorkersConfig workers = config.workers();
        return new WorkerSettings(
                home,
                workers.isOriginal() ? Side.ORIGINAL : Side.OWN,
                workers.unixSockets(),
                work.directory("sockets"),
                workers.firstPort(),
                workers.firstDistributionPort(),
                config.wire().envelope(),
                config.wire().decodesInput(),
                workers.limitsImagePixels(),
                config.wire().maxResponseBytes(),
                config.metrics().definitions(),
                workers.ipex(),
                workers.ipexGpu(),
                workers.cpuLauncherArguments(),
                workers.startsAtOnce().orElse(Runtime.getRuntime().availableProcessors()),
                workers.sharedMemoryBytes(),
                cards,
                workers.maxRequests(),
                workers.debug());
    }

    static EnvironmentSettings environments(ServerConfig config, WorkDirectory work, Map<String, String> variables) {
        WorkersConfig workers = config.workers();
        return new EnvironmentSettings(
                workers.interpreter(),
                workers.installsRequirements(),
                workers.cacheDirectory().orElseGet(() -> work.directory("python")),
                workers.pipOptions(),
                withSequenceHeaders(variables, config.wire().sequenceHeaders()),
                workers.allowedVariables(),
                workers.hiddenVariables(),
                secrets(config),
                workers.user(),
                workers.memoryBytes(),
                workers.cpus());
    }

    /** Workers read the names from there; the original forgets to tell them. */
    private static Map<String, String> withSequenceHeaders(
            Map<String, String> variables, WireConfig.SequenceHeaders names) {
        Map<String, String> told = new HashMap<>(variables);
        told.put("TS_REQUEST_SEQUENCE_ID", names.id());
        told.put("TS_REQUEST_SEQUENCE_START", names.start());
        told.put("TS_REQUEST_SEQUENCE_END", names.end());
        return told;
    }

    /** What tells of this process, and files by which somebody could pass for a caller who may, or for this server. */
    private static List<Path> secrets(ServerConfig config) {
        Stream<Path> tokens = config.tokens().disabled()
                ? Stream.empty()
                : Stream.of(config.tokens().keyFile());
        // Variables and memory of this process are there; elsewhere than on Linux there is no such folder.
        Stream<Path> process = Stream.of(
                        Path.of("/proc", Long.toString(ProcessHandle.current().pid())))
                .filter(Files::isDirectory);
        return Stream.of(tokens, config.tls().privateKey().stream(), config.tls().keystore().stream(), process)
                .flatMap(files -> files)
                .map(Path::toAbsolutePath)
                .toList();
    }

    ModelLoader loader() {
        return loader;
    }

    /** To be called when all models are unloaded. */
    @Override
    public void close() {
        workers.ifPresent(PythonModelLoader::close);
    }
}
