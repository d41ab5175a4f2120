// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerializedFileTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void putFiles() throws IOException {
        Files.createDirectories(folder.resolve("model").resolve("weights"));
        Files.createFile(folder.resolve("model").resolve("weights").resolve("a.onnx"));
        Files.createFile(folder.resolve("secret.onnx"));
    }

    @Test
    void findsFilesBelowTheRoot() {
        Path file = SerializedFile.locate(spec(Optional.of("weights/a.onnx")));
        assertThat(file).isEqualTo(folder.resolve("model").resolve("weights").resolve("a.onnx"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret.onnx",
                "weights/../../secret.onnx",
                "/etc/hostname",
                "",
                ".",
                "..",
                "weights",
                "none.onnx"
            })
    void refusesWhatIsNotAFileBelowTheRoot(String name) {
        ServingException failure =
                catchThrowableOfType(ServingException.class, () -> SerializedFile.locate(spec(Optional.of(name))));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).contains("expected: ").doesNotContain("/etc", folder.toString());
    }

    @Test
    void refusesSpecsThatNameNone() {
        ServingException failure =
                catchThrowableOfType(ServingException.class, () -> SerializedFile.locate(spec(Optional.empty())));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
    }

    private ModelSpec spec(Optional<String> file) {
        return new ModelSpec(
                new ModelId("m", "1"),
                "m.mar",
                new ModelFiles(folder.resolve("model"), file),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                Map.of());
    }
}
