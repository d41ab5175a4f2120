// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.model.ModelSpec;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The variables of a worker process: those of the server that workers inherit, then the model's own, then what the server tells its
 * workers.
 *
 * <p>The original hands on everything. What is handed on here is what programs need to run and what configures the libraries that
 * handlers use; names that speak of a secret are left out of that unless the operator adds them.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class WorkerVariables {
    /** Names, separated by blanks, that the start script set for the server alone. */
    static final String SERVERS_OWN = "SLUICE_OWN_VARIABLES";

    private static final String PYTHON_PATH = "PYTHONPATH";

    private final Map<String, String> inherited;

    public WorkerVariables(EnvironmentSettings settings) {
        InheritedNames names = InheritedNames.of(settings);
        List<String> serversOwn = List.of(
                settings.serverVariables().getOrDefault(SERVERS_OWN, "").strip().split("\\s+"));
        inherited = settings.serverVariables().entrySet().stream()
                .filter(variable -> !serversOwn.contains(variable.getKey()))
                .filter(variable -> !variable.getKey().equals(SERVERS_OWN))
                .filter(variable -> names.include(variable.getKey()))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /**
     * All variables of one worker of {@code spec}. The path on which Python looks for modules has the folder of the handler, if it lies
     * in one, what the server's own {@code PYTHONPATH} says, the model's folder, then what was installed for the model.
     *
     * <p>Source: torchserve.md section 7.2.
     *
     * @param servers what the server tells this worker; comes before all else
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the model's own cannot be used
     */
    public Map<String, String> of(ModelSpec spec, PythonEnvironment environment, Map<String, String> servers) {
        Map<String, String> all = new TreeMap<>(inherited);
        all.putAll(WorkerWishes.of(spec).environment());
        all.put(PYTHON_PATH, modulePath(spec, environment, Optional.ofNullable(all.get(PYTHON_PATH))));
        all.putAll(servers);
        return all;
    }

    private static String modulePath(ModelSpec spec, PythonEnvironment environment, Optional<String> given) {
        List<String> path = new ArrayList<>();
        Path model = environment.workingDirectory();
        handlerFolder(spec.handler()).ifPresent(folder -> path.add(model.resolve(folder).toString()));
        given.ifPresent(value -> Arrays.stream(value.split(Pattern.quote(File.pathSeparator)))
                .filter(folder -> !folder.isEmpty())
                .forEach(path::add));
        path.add(model.toString());
        environment.extraPythonPath().forEach(folder -> path.add(folder.toString()));
        return String.join(File.pathSeparator, path);
    }

    /** {@code path} of {@code path/file.py:function}. */
    private static Optional<String> handlerFolder(String handler) {
        String file = handler.contains(":") ? handler.substring(0, handler.lastIndexOf(':')) : handler;
        return file.contains("/") ? Optional.of(file.substring(0, file.lastIndexOf('/'))) : Optional.empty();
    }
}
