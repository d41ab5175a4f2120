// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which handler runs a model, and whether it is Python. A built-in handler is meant by its name, with whatever path, {@code .py} or
 * {@code :entry} the original allows around it; but a file of that name in the archive is the user's own and goes before, as it
 * does there. What is neither built in nor Java is Python: the module may be anywhere where Python finds it.
 *
 * <p><b>Errors:</b> {@code INVALID_MODEL} saying what does not go together.
 *
 * <p>Source: torchserve.md sections 6.2, 7.6 and 8.1; pytorch/serve {@code ts/model_loader.py} imports from the model's own folder
 * first.
 */
final class HandlerChoice {
    private static final String KEY = "execution";
    private static final String LSP = "LSP";
    private static final String COMPOSITE = "composite";
    private static final String JAR = ".jar";

    /** A program that was compiled from the model ahead of time; no engine runs it. */
    private static final String COMPILED = ".so";

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

    /**
     * What runs a model.
     *
     * @param handler the name of a built-in handler or of a Java class, or as a Python worker is told
     * @param isPython whether it runs in a Python worker
     */
    record Chosen(String handler, boolean isPython) {}

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
     * The handler to load.
     *
     * @param given as the operator or the archive wrote it
     * @param folder the model's own; empty for a model that is one file among others
     */
    Chosen of(String given, Execution execution, Manifest manifest, Optional<Path> folder) {
        String module = module(given);
        boolean isBuiltIn = builtIn.contains(module);
        if (module.equals(COMPOSITE) && execution == Execution.PYTHON) {
            throw invalid(KEY + ": python with handler " + COMPOSITE
                    + " (expected: native or auto; it only calls other models)");
        }
        boolean isPython = execution == Execution.PYTHON
                || (execution == Execution.AUTO && needsPython(given, manifest.model(), folder));
        if (!isPython) {
            return new Chosen(isBuiltIn ? module : given, false);
        }
        if (manifest.runtime().equals(LSP)) {
            throw invalid(
                    "runtime: LSP (expected: python; handlers in C++ do not run here. An exported model runs with a"
                            + " built-in handler and execution: native)");
        }
        if (folder.isEmpty()) {
            throw invalid(
                    "handler: " + given + " is Python, and the model is a file by itself (expected: an archive or a"
                            + " folder, which Python handlers are given)");
        }
        return new Chosen(given, true);
    }

    private boolean needsPython(String given, Manifest.Model manifest, Optional<Path> folder) {
        boolean hasOwnFile = folder.isPresent() && hasFile(folder.get(), given);
        if (!builtIn.contains(module(given))) {
            return hasOwnFile
                    || isPythonFile(given)
                    || !(isJavaName(given)
                            || folder.filter(HandlerChoice::hasJar).isPresent());
        }
        boolean isCompiled = manifest.serializedFile()
                .filter(file -> file.endsWith(COMPILED))
                .isPresent();
        return hasOwnFile || isCompiled || manifest.modelFile().isPresent();
    }

    /** The part that names a Python module. */
    private static String module(String given) {
        String path = path(given);
        String file = path.substring(path.lastIndexOf('/') + 1);
        return file.endsWith(".py") ? file.substring(0, file.length() - 3) : file;
    }

    private static String path(String given) {
        return given.split(":", 2)[0];
    }

    private static boolean isPythonFile(String given) {
        return path(given).endsWith(".py");
    }

    /** Packages in lower case and then a class: no module of Python is called so by custom. */
    private static boolean isJavaName(String given) {
        return given.matches("([a-z_][\\w]*\\.)+[A-Z][\\w$]*");
    }

    private static boolean hasFile(Path folder, String given) {
        String module = module(given);
        String asPath = module.replace('.', '/');
        return Stream.of(path(given), path(given) + ".py", module + ".py", asPath + ".py", asPath + "/__init__.py")
                .filter(name -> name.endsWith(".py"))
                .anyMatch(name -> isFile(folder, name));
    }

    private static boolean isFile(Path folder, String name) {
        try {
            Path file = folder.resolve(name).normalize();
            return file.startsWith(folder) && Files.isRegularFile(file);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static boolean hasJar(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.anyMatch(child -> child.toString().endsWith(JAR));
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's files cannot be listed", e);
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
