// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens TF Lite.
 *
 * <p>Source: spec/engines.md section 3.5.
 */
public final class TfLiteProvider implements EngineProvider {
    /** What operators call it. */
    static final String ID = "tflite";

    private static final List<String> LIBRARIES = List.of("jnijavacpp", "jnitensorflowlite");

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
        return Set.of(".tflite");
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "TF Lite",
                "2.20.0",
                "Apache-2.0",
                List.of("TF Lite (.tflite), quantised or not, up to 2 GB"),
                "instances share the file's bytes; each has up to " + TfLiteInstance.MOST_INTERPRETERS
                        + " interpreters of its own, one per shape of the inputs",
                List.of("cpu"),
                List.of(
                        "TensorFlow's own operators (Flex) and custom operators",
                        "signatures of other subgraphs than the first",
                        "delegates other than XNNPACK",
                        "complex numbers and 4-bit integers as inputs and outputs",
                        "state that a model keeps in resource variables from one call to the next"));
    }

    @Override
    public Optional<EngineTrial> trial() {
        return Optional.of(new EngineTrial(
                "/dev/sluice/engine/tflite/double.tflite", Shape.of(1, 3), List.of(1f, 2f, 3f), List.of(2f, 4f, 6f)));
    }

    @Override
    public Engine open(EngineSettings settings) {
        settings.requireLibraries(ID, LIBRARIES);
        try {
            return new TfLiteEngine(NativeBinding.load(settings), settings);
        } catch (LinkageError e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "TF Lite's native libraries do not load (expected: the engine pack built for this system and"
                            + " processor; install that one)",
                    e);
        }
    }
}
