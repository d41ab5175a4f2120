// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Opens TensorFlow.
 *
 * <p>What it prints to standard error is decided by the environment variable {@code TF_CPP_MIN_LOG_LEVEL}, which the launcher
 * exports and no code of the process itself could set in time. Source: spec/engines.md section 3.3.
 */
public final class TensorFlowProvider implements EngineProvider {
    /** What operators call it. */
    static final String ID = "tensorflow";

    /** The name that the format gives its file. */
    static final String FILE = "saved_model.pb";

    private static final List<String> LIBRARIES =
            List.of("jnijavacpp", "jnitensorflow", "tensorflow_cc", "tensorflow_framework");

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public Set<String> fileSuffixes() {
        return Set.of(FILE);
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "TensorFlow",
                "2.18.0",
                "Apache-2.0",
                List.of(
                        "SavedModel (saved_model.pb with its folder), as Keras exports it too; any one of its signatures"),
                "instances share the weights and run at once; the first model loaded decides how many threads one call"
                        + " may use",
                List.of("cpu"),
                List.of(
                        "Keras files (.keras, .h5): export them",
                        "frozen graphs and checkpoints without a SavedModel",
                        "tags other than serve",
                        "sparse and ragged inputs and outputs, and inputs of no declared rank",
                        "complex numbers and quantised types as inputs and outputs",
                        "operators from libraries of your own",
                        "operators that reach files, other than variables and tables of words, or other machines",
                        "several signatures of one model at once"));
    }

    @Override
    public Optional<EngineTrial> trial() {
        return Optional.of(new EngineTrial(
                "/dev/sluice/engine/tensorflow/" + FILE, Shape.of(1, 3), List.of(1f, 2f, 3f), List.of(2f, 4f, 6f)));
    }

    @Override
    public Engine open(EngineSettings settings) {
        settings.nativeDirectory().ifPresent(TensorFlowProvider::checkLibrariesIn);
        try {
            return new TensorFlowEngine(NativeBinding.load(settings), settings);
        } catch (LinkageError e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "TensorFlow's native libraries do not load (expected: the engine pack built for this system and"
                            + " processor; install that one)",
                    e);
        }
    }

    private static void checkLibrariesIn(Path directory) {
        List<String> there;
        try (Stream<Path> files = Files.list(directory)) {
            there = files.map(file -> String.valueOf(file.getFileName())).toList();
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED, "Native libraries of engine '" + ID + "' cannot be listed", e);
        }
        for (String library : LIBRARIES) {
            // Some have their version behind the suffix, or before it, as the system likes it.
            if (there.stream().noneMatch(file -> file.contains(library + "."))) {
                throw new ServingException(
                        ErrorCode.LOAD_FAILED,
                        "Native library " + System.mapLibraryName(library) + " of engine '" + ID
                                + "' is missing (expected: in the engine pack's native folder; install the pack again)");
            }
        }
    }
}
