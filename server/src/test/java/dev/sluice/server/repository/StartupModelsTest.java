// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartupModelsTest {
    @TempDir
    private Path store;

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", ",", " , "})
    void loadsNothingWhenNothingIsNamed(String models) {
        assertThat(of(models)).isEmpty();
    }

    @Test
    void readsItemsTrimmed() {
        assertThat(of(" a.mar,  b = c.mar ,=d.mar"))
                .containsExactly(
                        RegisterModel.atStartup("a.mar", Optional.empty()),
                        RegisterModel.atStartup("c.mar", Optional.of("b")),
                        RegisterModel.atStartup("d.mar", Optional.empty()));
    }

    /** Seen to fail when the first equals sign ends a name wherever it is. */
    @Test
    void leavesUrlsTheirEqualsSigns() {
        assertThat(of("https://h/a.mar?x=y, n=https://h/b.mar?x=y"))
                .containsExactly(
                        RegisterModel.atStartup("https://h/a.mar?x=y", Optional.empty()),
                        RegisterModel.atStartup("https://h/b.mar?x=y", Optional.of("n")));
    }

    /** Seen to fail when a text file in the store was taken for a model of trees. */
    @ParameterizedTest
    @ValueSource(strings = {"all", "ALL", " All "})
    void takesEveryModelOfTheStore(String models) throws IOException {
        for (String file : new String[] {
            "z.mar",
            "a.tar.gz",
            "m.model",
            "p.onnx",
            "q.pt",
            "notes.txt",
            "trees.json",
            "source_vocab.pt",
            ".hidden.mar"
        }) {
            Files.createFile(store.resolve(file));
        }
        Files.createDirectory(store.resolve("directory"));
        Files.createDirectory(store.resolve(".git"));

        assertThat(of(models))
                .extracting(RegisterModel::location)
                .containsExactly("a.tar.gz", "directory", "m.model", "p.onnx", "q.pt", "z.mar");
    }

    private List<RegisterModel> of(String models) {
        return StartupModels.of(ModelStoreConfig.of(store).withLoadModels(models), Samples.CAPABILITIES);
    }
}
