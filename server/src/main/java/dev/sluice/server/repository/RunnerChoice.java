// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import dev.sluice.serving.RegisterModel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What runs a model and on which file: who names the handler, and whether it is one that needs a file an engine can read. A Python
 * handler reads its files itself, whatever they are called.
 */
final class RunnerChoice {
    /** The engine of models that run in Python workers. */
    static final String PYTHON = "python";

    private static final String PLAIN_HANDLER = "base_handler";

    private final ModelStoreConfig config;
    private final ModelFinder finder;
    private final HandlerChoice handlers;

    RunnerChoice(ModelStoreConfig config, ModelFinder finder, HandlerChoice handlers) {
        this.config = config;
        this.finder = finder;
        this.handlers = handlers;
    }

    /**
     * Handler, files and engine of one model.
     *
     * @param engine empty to choose by the file's name
     */
    record Runner(String handler, ModelFiles files, Optional<String> engine) {
        boolean isPython() {
            return engine.filter(PYTHON::equals).isPresent();
        }
    }

    Runner of(
            RegisterModel command,
            ModelLocator.Found found,
            UnpackedModel model,
            ModelOptions own,
            ModelOptions served) {
        Manifest.Model manifest = model.manifest().model();
        boolean isAlone = found.kind() == ModelLocator.Kind.PLAIN_FILE;
        Optional<String> named =
                command.handler().or(manifest::handler).or(own::handler).or(config::defaultHandler);
        HandlerChoice.Execution execution = own.engine().filter(PYTHON::equals).isPresent()
                ? HandlerChoice.Execution.PYTHON
                : own.execution().or(served::execution).orElse(HandlerChoice.Execution.AUTO);
        Optional<Path> folder = isAlone ? Optional.empty() : Optional.of(model.root());
        if (named.isPresent()) {
            HandlerChoice.Chosen chosen = handlers.of(named.get(), execution, model.manifest(), folder);
            return chosen.isPython()
                    ? new Runner(chosen.handler(), model.filesAsNamed(), Optional.of(PYTHON))
                    : new Runner(chosen.handler(), files(found, model), own.engine());
        }
        return unnamed(command, found, model, own, execution);
    }

    /** Of a model of which nobody says how to run it: its file may tell. */
    private Runner unnamed(
            RegisterModel command,
            ModelLocator.Found found,
            UnpackedModel model,
            ModelOptions own,
            HandlerChoice.Execution execution) {
        ModelFiles files = files(found, model);
        if (files.serializedFile().isEmpty()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "Model " + command.location() + " names no handler and holds no single model file to run"
                            + " (expected: a manifest with a handler, or one file of these: " + finder.expected()
                            + ")");
        }
        Optional<Path> folder =
                found.kind() == ModelLocator.Kind.PLAIN_FILE ? Optional.empty() : Optional.of(model.root());
        HandlerChoice.Chosen chosen = handlers.of(PLAIN_HANDLER, execution, model.manifest(), folder);
        return new Runner(chosen.handler(), files, chosen.isPython() ? Optional.of(PYTHON) : own.engine());
    }

    private ModelFiles files(ModelLocator.Found found, UnpackedModel model) {
        return found.kind() == ModelLocator.Kind.PLAIN_FILE
                ? new ModelFiles(
                        model.root(), Optional.of(String.valueOf(found.path().getFileName())))
                : model.files(finder);
    }
}
