// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.repository.HandlerChoice.Chosen;
import dev.sluice.server.yaml.SafeYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
            """)
    void runsWithoutPythonWhatNeedsNone(String given, String handler) {
        assertThat(of(given, "", null)).isEqualTo(new Chosen(handler, false));
    }

    /** Seen to fail when names without a file were left to Java: the original's other built-in handlers are such. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "my_handler.py",
                "my_handler.py:handle",
                "dir/my_handler.py",
                "/opt/handler_service.py:handle",
                "vllm_handler",
                "package.module:entry"
            })
    void leavesToPythonWhatIsNeitherBuiltInNorJava(String given) {
        assertThat(of(given, "", null)).isEqualTo(new Chosen(given, true));
    }

    @Test
    void leavesToJavaWhatHasAJarAndNoFileOfItsName() throws IOException {
        Files.createFile(folder.resolve("handler.jar"));
        Files.createFile(folder.resolve("mine.py"));

        assertThat(of("reverse", "", null)).isEqualTo(new Chosen("reverse", false));
        assertThat(of("mine:entry", "", null)).isEqualTo(new Chosen("mine:entry", true));
        assertThat(of("reverse", "execution: python", null)).isEqualTo(new Chosen("reverse", true));
    }

    /** Seen to fail when the built-in handler ran instead of the user's own, which the original imports first. */
    @ParameterizedTest
    @ValueSource(strings = {"image_classifier", "image_classifier.py", "image_classifier:entry"})
    void runsAFileOfThatNameBeforeABuiltInHandler(String given) throws IOException {
        Files.createFile(folder.resolve("image_classifier.py"));

        assertThat(of(given, "", null)).isEqualTo(new Chosen(given, true));
        assertThat(of(given, "execution: native", null)).isEqualTo(new Chosen("image_classifier", false));
    }

    @Test
    void findsModulesInPackages() throws IOException {
        Files.createFile(folder.resolve("a.jar"));
        Files.createFile(Files.createDirectory(folder.resolve("pack")).resolve("mine.py"));
        Files.createFile(Files.createDirectory(folder.resolve("whole")).resolve("__init__.py"));

        assertThat(of("pack.mine:entry", "", null).isPython()).isTrue();
        assertThat(of("whole", "", null).isPython()).isTrue();
        assertThat(of("pack.other", "", null).isPython()).isFalse();
    }

    @Test
    void putsWeightsAndTheirModelTogetherInPython() {
        assertThat(of("image_classifier", "", "model.py")).isEqualTo(new Chosen("image_classifier", true));
        assertThat(of("image_classifier", "execution: native", "model.py"))
                .isEqualTo(new Chosen("image_classifier", false));
        assertThat(of("com.example.Reverse", "", "model.py")).isEqualTo(new Chosen("com.example.Reverse", false));
    }

    @Test
    void runsTheBuiltInHandlerOfPythonWhereItIsAskedFor() {
        assertThat(of("image_classifier", "execution: python", null)).isEqualTo(new Chosen("image_classifier", true));
    }

    @Test
    void refusesToCallModelsFromPython() {
        assertRefused("composite", "execution: python", "python", true, "execution: python with handler composite");
    }

    @Test
    void refusesHandlersInAnotherLanguage() {
        assertRefused("libmnist:Handler", "", "LSP", true, "runtime: LSP (expected: python; handlers in C++");
    }

    /** Seen to fail when a worker would have had the model store as its own folder. */
    @Test
    void givesNoFileByItselfToPython() {
        assertRefused("mine.py", "", "python", false, "handler: mine.py is Python, and the model is a file by itself");
    }

    @ParameterizedTest
    @CsvSource({"fast", "1", "[native]"})
    void refusesOtherWordsForExecution(String value) {
        assertThatThrownBy(() -> of("image_classifier", "execution: " + value, null))
                .hasMessageStartingWith("Model m: execution: ")
                .hasMessageEndingWith("(expected: native, python or auto)");
    }

    private void assertRefused(String given, String yaml, String runtime, boolean hasFolder, String message) {
        assertThatThrownBy(() -> of(given, yaml, null, runtime, hasFolder))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
    }

    private Chosen of(String given, String yaml, @Nullable String modelFile) {
        return of(given, yaml, modelFile, "python", true);
    }

    private Chosen of(String given, String yaml, @Nullable String modelFile, String runtime, boolean hasFolder) {
        Optional<String> none = Optional.empty();
        Manifest.Model model = new Manifest.Model(
                none, none, Optional.of(given), Optional.ofNullable(modelFile), none, Map.of(), none, none, none, none);
        HandlerChoice.Execution execution =
                HandlerChoice.execution("Model m", SafeYaml.parse(yaml)).orElse(HandlerChoice.Execution.AUTO);
        return choice.of(
                given,
                execution,
                Manifest.of(Instant.EPOCH, runtime, model),
                hasFolder ? Optional.of(folder) : Optional.empty());
    }
}
