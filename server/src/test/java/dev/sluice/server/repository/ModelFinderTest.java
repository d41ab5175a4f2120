// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFinderTest {
    private final ModelFinder finder = new ModelFinder(Samples.CAPABILITIES.fileSuffixes());

    @TempDir
    private Path folder;

    /** Seen to fail when every suffix counts alike: a model beside an index_to_name.json was then one of two. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            net.onnx index_to_name.json requirements.txt notes.txt | net.onnx
            net.onnx net.onnx.data                                 | net.onnx
            model.pt source_vocab.pt index_to_name.json            | model.pt
            net.tflite tokenizer.json vocabulary.txt               | net.tflite
            one.onnx two.onnx                                      |
            trees.json index_to_name.json requirements.txt         | trees.json
            trees.txt README.txt LICENSE.txt                       | trees.txt
            trees.json other.txt                                   |
            index_to_name.json                                     |
            export/saved_model.pb export/variables/v index.json    | export/saved_model.pb
            saved_model.pb variables/v                             | saved_model.pb
            1/saved_model.pb 2/saved_model.pb                      |
            export/saved_model.pb net.onnx                         |
            deep/er/saved_model.pb                                 |
            my_saved_model.pb                                      |
            .onnx                                                  |
            """)
    void findsTheOneModel(String files, @Nullable String found) throws IOException {
        make(files);

        assertThat(finder.only(folder, true)).isEqualTo(Optional.ofNullable(found));
    }

    /** A handler's own data would else be given to an engine. */
    @Test
    void takesNoFileOfSharedEndingFromAnArchiveThatSaysWhatItIs() throws IOException {
        make("trees.json");

        assertThat(finder.only(folder, false)).isEmpty();
    }

    @Test
    void followsNoLinkToAFolder() throws IOException {
        make("real/inner/saved_model.pb");
        Files.createSymbolicLink(folder.resolve("linked"), folder.resolve("real/inner"));

        assertThat(finder.only(folder, true)).isEmpty();
    }

    /** Who names a file means it, unless it is known to be something else. */
    @ParameterizedTest
    @ValueSource(strings = {"a.onnx", "trees.json", "trees.txt", "a.b.pt", "saved_model.pb"})
    void takesAFileThatIsNamed(String file) {
        assertThat(finder.isModel(file)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.mar", "INDEX_TO_NAME.json", "vocabulary.txt", "a.onnx.data", "x_saved_model.pb", ".pt"})
    void takesNothingElse(String file) {
        assertThat(finder.isModel(file)).isFalse();
    }

    @Test
    void knowsNoModelsWithoutEngines() throws IOException {
        make("net.onnx");

        assertThat(new ModelFinder(Set.of()).only(folder, true)).isEmpty();
    }

    private void make(String files) throws IOException {
        for (String name : files.split(" ", -1)) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.resolveSibling(""));
            Files.writeString(file, name);
        }
    }
}
