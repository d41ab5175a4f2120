// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which handler runs a model, and that none of its code is Python. A built-in handler is meant by its name, with whatever path,
 * {@code .py} or {@code :entry} the original allows around it; but a file of that name in the archive is the user's own and goes
 * before, as it does there.
 *
 * <p><b>Errors:</b> {@code INVALID_MODEL} saying what needs Python.
 *
 * <p>Source: torchserve.md section 8.1; pytorch/serve {@code ts/model_loader.py} imports from the model's own folder first.
 */
final class HandlerChoice {
    private static final String KEY = "execution";
    private static final String NO_PYTHON = "Python workers do not run yet";

    private final Set<String> builtIn;

    HandlerChoice(Set<String> builtIn) {
        this.builtIn = builtIn;
    }

    /** What an archive asks for under {@code execution}. */
    enum Execution {
        /** Without Python, whatever Python files are there. */
        NATIVE,
        /** In a Python worker. */
        PYTHON,
        /** Native where that does what the original would do. */
        AUTO
    }

    /** What {@code settings} say, if anything. */
    static Optional<Execution> execution(String origin, Map<String, Object> settings) {
        Object wanted = settings.get(KEY);
        if (wanted == null) {
            return Optional.empty();
        }
        for (Execution execution : Execution.values()) {
            if (execution.name().equalsIgnoreCase(String.valueOf(wanted))) {
                return Optional.of(execution);
            }
        }
        throw invalid(origin + ": " + KEY + ": " + SluiceOptions.shown(wanted) + " (expected: native, python or auto)");
    }

    /**
     * The name of the handler to load.
     *
     * @param given as the operator or the archive wrote it
     * @param folder the model's own; empty for a model that is one file among others
     */
    String of(String given, Execution execution, Manifest.Model manifest, Optional<Path> folder) {
        String module = module(given);
        if (execution == Execution.PYTHON) {
            throw invalid(KEY + ": python (expected: native or auto; " + NO_PYTHON + ")");
        }
        boolean isBuiltIn = builtIn.contains(module);
        boolean isAuto = execution == Execution.AUTO;
        boolean hasOwnFile = folder.isPresent() && isFile(folder.get(), module + ".py");
        boolean isPython = isBuiltIn ? isAuto && hasOwnFile : hasOwnFile || isPython(given);
        if (isPython) {
            throw invalid(
                    "handler: " + given + " is Python, and " + NO_PYTHON + " (expected: a built-in handler, one of "
                            + new TreeSet<>(builtIn) + ", or a Java class in a jar of the archive)");
        }
        Optional<String> code = manifest.modelFile();
        if (isBuiltIn && isAuto && code.isPresent()) {
            throw invalid(
                    "modelFile: " + code.get() + " needs Python to be put together with its weights, and " + NO_PYTHON
                            + " (expected: a model exported to TorchScript or ONNX; if the serialized file is one, say"
                            + " execution: native)");
        }
        return isBuiltIn ? module : given;
    }

    /** The part that names a Python module. */
    private static String module(String given) {
        String path = given.split(":", 2)[0];
        String file = path.substring(path.lastIndexOf('/') + 1);
        return file.endsWith(".py") ? file.substring(0, file.length() - 3) : file;
    }

    private static boolean isPython(String given) {
        return given.split(":", 2)[0].endsWith(".py");
    }

    private static boolean isFile(Path folder, String name) {
        try {
            return Files.isRegularFile(folder.resolve(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
