// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.repository.download.DownloadsConfig;
import dev.sluice.server.repository.download.ModelDownloads;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of files that were fetched for a model. */
class FetchedModelsTest {
    @TempDir
    private Path folder;

    private Path directory;
    private Path source;
    private WorkDirectory work;
    private ModelStore store;

    @BeforeEach
    void makeStore() throws IOException {
        directory = Files.createDirectory(folder.resolve("store"));
        source = Files.writeString(folder.resolve("m.onnx"), "weights");
        work = WorkDirectory.below(folder.resolve("work"));
        DownloadsConfig downloads =
                new DownloadsConfig(List.of(Pattern.compile("file:///.*")), 1 << 20, Duration.ofSeconds(10), false);
        store = new ModelStore(
                ModelStoreConfig.of(directory),
                Samples.CAPABILITIES,
                work,
                2,
                Optional.of(ModelDownloads.of(downloads, Optional.empty())));
    }

    @AfterEach
    void deleteWork() {
        work.close();
    }

    private RegisterModel command(String location, String name) {
        return new RegisterModel(
                location,
                Optional.of(name),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                false);
    }

    private String url() {
        return source.toUri().toString();
    }

    private Path fetched() {
        return directory.resolve("m.onnx");
    }

    @Test
    void deletesTheFileWithItsModel() {
        ModelSpec spec = store.resolve(command(url(), "m"));

        assertThat(fetched()).hasContent("weights");
        assertThat(spec.location()).isEqualTo(url());

        store.discard(spec);

        assertThat(fetched()).doesNotExist();
        assertThat(source).exists();
        assertThat(store.resolve(command(url(), "m")).id()).isEqualTo(spec.id());
    }

    @Test
    void leavesFilesThatWereNotFetched() throws IOException {
        Files.copy(source, fetched());

        store.discard(store.resolve(command("m.onnx", "m")));

        assertThat(fetched()).exists();
    }

    @Test
    void keepsTheFileWhileAnotherModelUsesIt() {
        ModelSpec first = store.resolve(command(url(), "first"));
        ModelSpec second = store.resolve(command("m.onnx", "second"));

        store.discard(first);
        assertThat(fetched()).exists();

        store.discard(second);
        assertThat(fetched()).doesNotExist();
    }

    @Test
    void keepsTheFileOfAModelWhoseTwinIsRefused() {
        ModelSpec spec = store.resolve(command(url(), "m"));
        ModelSpec twin = store.resolve(command("m.onnx", "m"));

        store.discard(twin);
        assertThat(fetched()).exists();

        store.discard(spec);
        assertThat(fetched()).doesNotExist();
    }

    @Test
    void leavesTheFileOfAModelThatIsReleased() {
        ModelSpec first = store.resolve(command(url(), "first"));
        store.release(first);
        assertThat(fetched()).exists();

        // And it is nobody's from then on.
        store.discard(store.resolve(command("m.onnx", "second")));
        assertThat(fetched()).exists();
    }

    /** Else the same URL could never be registered again. */
    @Test
    void deletesWhatIsNoModel() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.mar"), "no archive");
        String location = broken.toUri().toString();

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> store.resolve(command(location, "m")))
                    .isInstanceOf(ServingException.class)
                    .hasMessageStartingWith("\"broken.mar\": not a ");
            assertThat(directory).isEmptyDirectory();
        }
    }

    /** A restart finds the file of the last run; what it makes of it is no reason to throw it away. */
    @Test
    void takesTheFileOfTheLastRun() throws IOException {
        Files.writeString(fetched(), "weights of the last run");

        ModelSpec spec = store.resolve(RegisterModel.atStartup(url(), Optional.of("m")));

        assertThat(fetched()).hasContent("weights of the last run");
        store.discard(spec);
        assertThat(fetched()).doesNotExist();
    }

    @Test
    void leavesTheFileOfTheLastRunIfItIsNoModel() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.mar"), "no archive");
        Path there = Files.writeString(directory.resolve("broken.mar"), "no archive either");

        assertThatThrownBy(() ->
                        store.resolve(RegisterModel.atStartup(broken.toUri().toString(), Optional.empty())))
                .isInstanceOf(ServingException.class);

        assertThat(there).exists();
    }
}
