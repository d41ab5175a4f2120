// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.yaml.SafeYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HandlerChoiceTest {
    private final HandlerChoice choice = new HandlerChoice(Samples.CAPABILITIES.handlers());

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(textBlock = """
            image_classifier,                   image_classifier
            image_classifier:entry,             image_classifier
            image_classifier.py,                image_classifier
            image_classifier.py:handle,         image_classifier
            /opt/ts/image_classifier.py:handle, image_classifier
            com.example.Reverse,                com.example.Reverse
            object_detector,                    object_detector
            my_handler:entry,                   my_handler:entry
            """)
    void knowsBuiltInHandlersInEveryFormTheOriginalTakes(String given, String handler) {
        assertThat(of(given, "", null)).isEqualTo(handler);
    }

    @ParameterizedTest
    @CsvSource({"my_handler.py", "my_handler.py:handle", "dir/my_handler.py", "handler_service.py:handle"})
    void saysThatAPythonFileNeedsPython(String given) {
        assertNeedsPython(given, "", null, "handler: " + given + " is Python, and Python workers do not run yet");
    }

    /** Seen to fail when the built-in handler ran instead of the user's own, which the original imports first. */
    @Test
    void doesNotRunABuiltInHandlerInPlaceOfAFileOfThatName() throws IOException {
        Files.createFile(folder.resolve("image_classifier.py"));
        Files.createFile(folder.resolve("mine.py"));

        assertNeedsPython("image_classifier", "", null, "handler: image_classifier is Python");
        assertNeedsPython("mine:entry", "execution: native", null, "handler: mine:entry is Python");
        assertThat(of("image_classifier", "execution: native", null)).isEqualTo("image_classifier");
    }

    @Test
    void saysThatWeightsWithoutTheirGraphNeedPython() {
        assertNeedsPython(
                "image_classifier",
                "",
                "model.py",
                "modelFile: model.py needs Python to be put together with its weights, and Python workers do not run yet");
        assertThat(of("image_classifier", "execution: native", "model.py")).isEqualTo("image_classifier");
        assertThat(of("com.example.Reverse", "", "model.py")).isEqualTo("com.example.Reverse");
    }

    @ParameterizedTest
    @CsvSource({"image_classifier", "my_handler.py", "com.example.Reverse"})
    void refusesPythonWhereItIsAskedFor(String given) {
        assertNeedsPython(
                given,
                "execution: python",
                null,
                "execution: python (expected: native or auto; Python workers do not run yet)");
    }

    @ParameterizedTest
    @CsvSource({"fast", "1", "[native]"})
    void refusesOtherWordsForExecution(String value) {
        assertThatThrownBy(() -> of("image_classifier", "execution: " + value, null))
                .hasMessageStartingWith("Model m: execution: ")
                .hasMessageEndingWith("(expected: native, python or auto)");
    }

    private void assertNeedsPython(String given, String yaml, @Nullable String modelFile, String message) {
        assertThatThrownBy(() -> of(given, yaml, modelFile))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
    }

    private String of(String given, String yaml, @Nullable String modelFile) {
        Optional<String> none = Optional.empty();
        Manifest.Model manifest = new Manifest.Model(
                none, none, Optional.of(given), Optional.ofNullable(modelFile), none, Map.of(), none, none, none, none);
        HandlerChoice.Execution execution =
                HandlerChoice.execution("Model m", SafeYaml.parse(yaml)).orElse(HandlerChoice.Execution.AUTO);
        return choice.of(given, execution, manifest, Optional.of(folder));
    }
}
