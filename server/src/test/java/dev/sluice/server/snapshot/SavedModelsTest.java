// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.server.config.SnapshotsConfig;
import dev.sluice.serving.DesiredModel;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.DesiredVersion;
import dev.sluice.serving.ModelJournal;
import dev.sluice.serving.ModelJournal.Occasion;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedModelsTest {
    private static final String DECLARED = """
            {"models": {"inline": {"1.0": {"defaultVersion": true, "marName": "inline.mar", "minWorkers": 1,
            "maxWorkers": 5, "batchSize": 1, "maxBatchDelay": 10, "responseTimeout": 120}}}}""";

    @TempDir
    private Path folder;

    private SavedModels open(Optional<String> inline) {
        return SavedModels.open(new SnapshotsConfig(true, folder, 3, inline, Map.of("a", "b")), () -> Instant.EPOCH);
    }

    private static RegisterModel listed(String location) {
        return RegisterModel.atStartup(location, Optional.empty());
    }

    private static DesiredModels models(RegisterModel... commands) {
        TreeMap<String, DesiredModel> models = new TreeMap<>();
        for (RegisterModel command : commands) {
            String name = command.name().orElseGet(() -> command.location().replace(".mar", ""));
            DesiredVersion version = new DesiredVersion(
                    new ModelId(name, "1.0"),
                    command,
                    1,
                    Duration.ZERO,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(1),
                    new InstanceSpec(0, 0),
                    1);
            models.put(name, new DesiredModel("1.0", false, new TreeMap<>(Map.of("1.0", version)), new TreeMap<>()));
        }
        return new DesiredModels(models);
    }

    private static void write(SavedModels saved, DesiredModels models) throws Exception {
        get(saved.journal().write(models, Occasion.CHANGE));
    }

    private static void get(CompletionStage<Void> stage) throws Exception {
        Object unused = stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static List<String> locations(List<RegisterModel> commands) {
        return commands.stream().map(RegisterModel::location).toList();
    }

    @Test
    void loadsWhatIsListedUntilASnapshotKnowsIt() throws Exception {
        List<RegisterModel> both = List.of(listed("a.mar"), listed("b.mar"));
        try (SavedModels first = open(Optional.empty())) {
            assertThat(first.models()).isEqualTo(DesiredModels.NONE);
            assertThat(locations(first.newlyListed(both, false))).containsExactly("a.mar", "b.mar");
            // The other did not load.
            write(first, models(listed("a.mar")));
        }
        try (SavedModels second = open(Optional.empty())) {
            assertThat(second.models().byName().keySet()).containsExactly("a");
            assertThat(locations(second.newlyListed(both, false))).containsExactly("b.mar");
            write(second, models(listed("a.mar"), listed("b.mar")));
            write(second, models(listed("b.mar")));
        }
        try (SavedModels third = open(Optional.empty())) {
            List<RegisterModel> more = List.of(listed("a.mar"), listed("b.mar"), listed("c.mar"));
            assertThat(third.models().byName().keySet()).containsExactly("b");
            assertThat(locations(third.newlyListed(more, false))).containsExactly("c.mar");
        }
    }

    /** Seen to fail when any snapshot in the directory counted. */
    @Test
    void modelsOfAnotherStoreComeBackOnlyIfItHasMoved() throws Exception {
        Path here = Files.createDirectory(folder.resolve("here"));
        try (SavedModels elsewhere = withStore(folder.resolve("elsewhere"))) {
            write(elsewhere, models(listed("a.mar")));
        }
        try (SavedModels other = withStore(here)) {
            assertThat(other.models()).isEqualTo(DesiredModels.NONE);
            assertThat(locations(other.newlyListed(List.of(listed("a.mar")), false)))
                    .containsExactly("a.mar");
        }
        Files.createFile(here.resolve("a.mar"));
        try (SavedModels moved = withStore(here)) {
            assertThat(moved.models().byName().keySet()).containsExactly("a");
        }
    }

    private SavedModels withStore(Path store) {
        return SavedModels.open(
                new SnapshotsConfig(
                        true,
                        folder.resolve("snapshots"),
                        3,
                        Optional.empty(),
                        Map.of("model_store", store.toString())),
                () -> Instant.EPOCH);
    }

    @Test
    void withAllListedACallersModelThatWasRemovedStaysRemoved() throws Exception {
        try (SavedModels first = open(Optional.empty())) {
            assertThat(first.newlyListed(List.of(), true)).isEmpty();
            write(first, models(listed("later.mar")));
            write(first, models());
        }
        try (SavedModels second = open(Optional.empty())) {
            assertThat(second.newlyListed(List.of(listed("later.mar")), true)).isEmpty();
        }
    }

    @Test
    void aNewDeclarationGoesFirstAndChangesToItsModelsHold() throws Exception {
        try (SavedModels first = open(Optional.empty())) {
            write(first, models(listed("a.mar")));
        }
        try (SavedModels second = open(Optional.of(DECLARED))) {
            assertThat(second.models().byName().keySet()).containsExactly("inline");
            write(second, models(listed("changed.mar")));
        }
        try (SavedModels third = open(Optional.of(DECLARED))) {
            assertThat(third.models().byName().keySet()).containsExactly("changed");
        }
        try (SavedModels fourth = open(Optional.of(DECLARED.replace("inline", "other")))) {
            assertThat(fourth.models().byName().keySet()).containsExactly("other");
        }
    }

    /** Seen to fail: each archive was registered twice, or failed to be. */
    @Test
    void whatIsDeclaredIsNotLoadedOnceMoreBecauseItIsListed() throws Exception {
        try (SavedModels saved = open(Optional.of(DECLARED))) {
            assertThat(locations(saved.newlyListed(List.of(listed("inline.mar"), listed("b.mar")), true)))
                    .containsExactly("b.mar");
        }
    }

    /** Seen to fail: the list held the signature, which is another one at the next start. */
    @Test
    void aListedUrlIsKnownByWhatIsNoSecretOfIt() throws Exception {
        try (SavedModels first = open(Optional.empty())) {
            RegisterModel url = RegisterModel.atStartup(
                    "https://me:secret@host:1/a.mar?signature=secret#sha256=0", Optional.of("a"));
            assertThat(first.newlyListed(List.of(url), false)).hasSize(1);
            write(first, models(url));
        }
        try (var files = Files.list(folder)) {
            for (Path file : files.filter(it -> it.toString().endsWith(".cfg")).toList()) {
                assertThat(Files.readString(file))
                        .contains("\"a\\=https\\://host\\:1/a.mar\\#sha256\\=0\"")
                        .doesNotContain("secret");
            }
        }
        try (SavedModels second = open(Optional.empty())) {
            RegisterModel again =
                    RegisterModel.atStartup("https://me:new@host:1/a.mar?signature=other#sha256=0", Optional.of("a"));
            assertThat(second.newlyListed(List.of(again), false)).isEmpty();
        }
    }

    @Test
    void refusesADeclarationThatCannotBeRead() {
        assertThatThrownBy(() -> open(Optional.of(DECLARED.replace("\"minWorkers\": 1", "\"minWorkers\": -1"))))
                .hasMessage(
                        "model_snapshot: model inline version 1.0: minWorkers: -1 (expected: a whole number, 0 or more)");
    }

    @Test
    void switchedOffItReadsTheDeclarationAloneAndWritesNothing() throws Exception {
        try (SavedModels first = open(Optional.empty())) {
            write(first, models(listed("a.mar")));
        }
        SnapshotsConfig off = new SnapshotsConfig(false, folder, 3, Optional.of(DECLARED), Map.of());
        try (SavedModels second = SavedModels.open(off, () -> Instant.EPOCH)) {
            assertThat(second.models().byName().keySet()).containsExactly("inline");
            assertThat(second.journal()).isSameAs(ModelJournal.NONE);
        }
    }

    /** Seen to fail without the lock: the second one had the first one's models. */
    @Test
    void aSecondServerOverTheSameDirectoryNeitherReadsNorWrites() throws Exception {
        try (SavedModels first = open(Optional.empty())) {
            write(first, models(listed("a.mar")));
            try (SavedModels second = open(Optional.empty())) {
                assertThat(second.models()).isEqualTo(DesiredModels.NONE);
                assertThat(second.journal()).isSameAs(ModelJournal.NONE);
            }
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenKeepsNothing() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        SnapshotsConfig config = new SnapshotsConfig(true, file.resolve("config"), 3, Optional.empty(), Map.of());
        try (SavedModels saved = SavedModels.open(config, () -> Instant.EPOCH)) {
            assertThat(saved.journal()).isSameAs(ModelJournal.NONE);
        }
    }

    @Test
    void aWriteThatFailsLeavesWhatWasWrittenBefore() throws Exception {
        try (SavedModels saved = open(Optional.empty())) {
            write(saved, models(listed("a.mar")));
            Files.createDirectories(folder.resolve(".unfinished-19700101000000001-snapshot.cfg/full"));
            assertThatThrownBy(() -> write(saved, models()))
                    .isInstanceOf(ExecutionException.class)
                    .hasRootCauseInstanceOf(IOException.class);
            write(saved, models(listed("a.mar"), listed("b.mar")));
        }
        assertThat(new SnapshotFiles(folder)
                        .last()
                        .orElseThrow()
                        .snapshot()
                        .models()
                        .byName()
                        .keySet())
                .containsExactly("a", "b");
    }

    @Test
    void keepsAsManyAsItIsTold() throws Exception {
        try (SavedModels saved = open(Optional.empty())) {
            for (int i = 0; i < 7; i++) {
                write(saved, models(listed("a.mar")));
            }
        }
        try (var files = Files.list(folder)) {
            assertThat(files.filter(file -> file.toString().endsWith(".cfg"))).hasSize(3);
        }
    }
}
