// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.server.config.SavedSettings;
import dev.sluice.serving.DesiredModel;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.DesiredVersion;
import dev.sluice.serving.ModelJournal.Occasion;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotFilesTest {
    private static final Instant NOW = Instant.parse("2026-03-04T05:06:07.089Z");

    @TempDir
    private Path folder;

    private static DesiredVersion version(String name, String version, String location, InstanceSpec instances) {
        RegisterModel asked = new RegisterModel(
                location,
                Optional.empty(),
                Optional.of("my:handler"),
                OptionalInt.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                false);
        return new DesiredVersion(
                new ModelId(name, version),
                asked,
                8,
                Duration.ofMillis(50),
                Duration.ofMillis(1500),
                Duration.ofSeconds(60),
                instances,
                1);
    }

    private static Snapshot snapshot(DesiredModels models) {
        return new Snapshot(
                Map.of(
                        "job_queue_size",
                        "7",
                        "model_store",
                        "/a:b",
                        "keystore_pass",
                        "hidden",
                        "vmargs",
                        "-Dp=hidden",
                        "load_models",
                        "https://host/m.mar?signature=s"),
                models,
                Set.of("all.mar"),
                Optional.of("f00"));
    }

    private static DesiredModels models() {
        return new DesiredModels(new TreeMap<>(Map.of(
                "m",
                new DesiredModel(
                        "2.0",
                        true,
                        new TreeMap<>(Map.of(
                                "1.0", version("m", "1.0", "m.mar", new InstanceSpec(1, 3)),
                                "2.0",
                                        version(
                                                "m",
                                                "2.0",
                                                "https://user:pw@host/x/m2.mar?signature=s",
                                                new InstanceSpec(0, 0)))),
                        new TreeMap<>(Map.of("stable", "1.0", "gone", "0.1"))),
                "n",
                new DesiredModel(
                        "1.0",
                        false,
                        new TreeMap<>(Map.of("1.0", version("n", "1.0", "/store/deep/n", new InstanceSpec(2, 2)))),
                        new TreeMap<>()))));
    }

    private String write(Instant now, Occasion occasion, Snapshot snapshot) throws IOException {
        SnapshotFiles files = new SnapshotFiles(folder);
        SnapshotName name = SnapshotName.next(now, files.latest(), occasion);
        files.write(name, now, snapshot);
        return name.file();
    }

    @Test
    void readsWhatItWrote() throws IOException {
        String file = write(NOW, Occasion.CHANGE, snapshot(models()));

        assertThat(file).isEqualTo("20260304050607089-snapshot.cfg");
        SnapshotFiles.Saved saved = new SnapshotFiles(folder).last().orElseThrow();
        assertThat(saved.file()).isEqualTo(folder.resolve(file));
        Snapshot read = saved.snapshot();
        assertThat(read.settings()).containsOnly(Map.entry("job_queue_size", "7"), Map.entry("model_store", "/a:b"));
        assertThat(read.listed()).containsExactly("all.mar");
        assertThat(read.inline()).contains("f00");
        assertThat(read.models().byName().keySet()).containsExactly("m", "n");
        DesiredModel m = Objects.requireNonNull(read.models().byName().get("m"));
        assertThat(m.defaultVersion()).isEqualTo("2.0");
        assertThat(m.isDefaultChosen()).isTrue();
        assertThat(m.labels()).containsOnly(Map.entry("stable", "1.0"), Map.entry("gone", "0.1"));
        assertThat(Objects.requireNonNull(read.models().byName().get("n")).isDefaultChosen())
                .isFalse();
        DesiredVersion one = Objects.requireNonNull(m.byVersion().get("1.0"));
        assertThat(one.instances()).isEqualTo(new InstanceSpec(1, 3));
        assertThat(one.batchSize()).isEqualTo(8);
        assertThat(one.maxBatchDelay()).isEqualTo(Duration.ofMillis(50));
        assertThat(one.responseTimeout()).isEqualTo(Duration.ofMillis(1500));
        assertThat(one.startupTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(one.asked().handler()).contains("my:handler");
        assertThat(one.asked().location()).isEqualTo("m.mar");
        RegisterModel fetched = Objects.requireNonNull(m.byVersion().get("2.0")).asked();
        assertThat(fetched.location()).isEqualTo("https://host/x/m2.mar");
        assertThat(fetched.source()).isEqualTo("m2.mar");
        assertThat(read.models()
                        .find(new ModelId("n", "1.0"))
                        .orElseThrow()
                        .asked()
                        .source())
                .isEqualTo("/store/deep/n");
    }

    /** What the original needs to restore the models; source: torchserve.md section 10, row "JSON". */
    @Test
    void writesWhatTheOriginalReads() throws IOException {
        String text = Files.readString(folder.resolve(write(NOW, Occasion.STARTUP, snapshot(models()))));

        Properties properties = new Properties();
        properties.load(new StringReader(text));
        assertThat(properties.getProperty("model_snapshot")).startsWith("""
                        {
                          "name" : "20260304050607089-startup.cfg",
                          "modelCount" : 2,
                          "created" : 1772600767089,
                          "models" : {
                            "m" : {
                              "1.0" : {
                                "defaultVersion" : false,
                                "marName" : "m.mar",
                                "minWorkers" : 1,
                                "maxWorkers" : 3,
                                "batchSize" : 8,
                                "maxBatchDelay" : 50,
                                "responseTimeout" : 2,
                                "responseTimeoutMillis" : 1500,
                                "startupTimeout" : 60,
                                "runtimeType" : "python",
                                "handler" : "my:handler"
                              },
                        """);
        assertThat(text).doesNotContain("hidden", "signature", "user:pw", "pw@");
    }

    @Test
    void readsWhatTheOriginalWrote() throws IOException {
        Files.writeString(folder.resolve("20230101120000000-shutdown.cfg"), """
                #Saving snapshot
                #Sun Jan 01 12:00:00 UTC 2023
                inference_address=http\\://127.0.0.1\\:8080
                model_snapshot={\\n  "name"\\: "20230101120000000-shutdown.cfg",\\n  "modelCount"\\: 1,\\n  "created"\\: 1672574400000,\\n  "models"\\: {\\n    "noop"\\: {\\n      "1.0"\\: {\\n        "defaultVersion"\\: true,\\n        "marName"\\: "noop.mar",\\n        "minWorkers"\\: 1,\\n        "maxWorkers"\\: 2,\\n        "batchSize"\\: 4,\\n        "maxBatchDelay"\\: -10000\\n      }\\n    }\\n  }\\n}
                tsConfigFile=logs/config/20230101115900000-snapshot.cfg
                version=0.12.0
                """);

        Snapshot read = new SnapshotFiles(folder).last().orElseThrow().snapshot();

        assertThat(read.settings()).containsEntry("inference_address", "http://127.0.0.1:8080");
        DesiredVersion noop = read.models().find(new ModelId("noop", "1.0")).orElseThrow();
        assertThat(noop.instances()).isEqualTo(new InstanceSpec(1, 2));
        assertThat(noop.batchSize()).isEqualTo(4);
        assertThat(noop.maxBatchDelay()).as("what it writes for none").isZero();
        assertThat(noop.responseTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(noop.startupTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(read.listed()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "https://host/x/a%20b.mar?q=1, a b.mar, https://host/x/a%20b.mar",
        "file:///srv/a.mar, a.mar, file:///srv/a.mar",
        "https://u:p@[::1]:8443/a.mar#sha256=0, a.mar, https://[::1]:8443/a.mar#sha256=0"
    })
    void readsAUrlAsItWasAndTheNameOfWhatWasFetchedFromIt(String url, String file, String location) throws IOException {
        DesiredVersion version = version("m", "1.0", url, new InstanceSpec(0, 0));
        DesiredModel model = new DesiredModel("1.0", false, new TreeMap<>(Map.of("1.0", version)), new TreeMap<>());
        write(NOW, Occasion.CHANGE, snapshot(new DesiredModels(new TreeMap<>(Map.of("m", model)))));

        RegisterModel asked = new SnapshotFiles(folder)
                .last()
                .orElseThrow()
                .snapshot()
                .models()
                .find(version.id())
                .orElseThrow()
                .asked();
        assertThat(asked.source()).isEqualTo(file);
        assertThat(asked.location()).isEqualTo(location);
    }

    /** Else what was edited while a server ran would lose to what that server wrote when it stopped. */
    @Test
    void settingsAreAsOldAsTheStartOfTheServerThatHadThem() throws IOException {
        Path start = folder.resolve(write(NOW, Occasion.STARTUP, snapshot(DesiredModels.NONE)));
        FileTime then = FileTime.from(NOW);
        Files.setLastModifiedTime(start, then);
        String last = write(NOW.plusSeconds(9), Occasion.SHUTDOWN, snapshot(DesiredModels.NONE));

        SavedSettings.Saved saved = new SnapshotSettings().newest(folder).orElseThrow();
        assertThat(saved.origin()).isEqualTo(last);
        assertThat(saved.written()).isEqualTo(then.toInstant());
    }

    @Test
    void namesAreStrictlyLaterEvenWhenTheClockGoesBack() throws IOException {
        write(NOW, Occasion.CHANGE, snapshot(models()));
        assertThat(write(NOW.minusSeconds(3600), Occasion.CHANGE, snapshot(DesiredModels.NONE)))
                .isEqualTo("20260304050607090-snapshot.cfg");
        assertThat(write(NOW, Occasion.SHUTDOWN, snapshot(DesiredModels.NONE)))
                .isEqualTo("20260304050607091-shutdown.cfg");
        assertThat(new SnapshotFiles(folder)
                        .last()
                        .orElseThrow()
                        .snapshot()
                        .models()
                        .byName())
                .isEmpty();
    }

    /** Seen to fail when the content of a file was believed for its name. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "job_queue_size=7",
                "model_snapshot={\"models\": {\"m\"",
                "model_snapshot=[]",
                "model_snapshot={\"models\": {\"m\": {\"1.0\": {\"defaultVersion\": true}}}}",
                "model_snapshot={\"models\": {\"m\": {\"1.0\": 3}}}",
                "model_snapshot={\"models\": {\"\": {\"1.0\": {\"defaultVersion\": true}}}}",
                "a=\\u12"
            })
    void goesBackToTheOneBeforeADamagedOne(String content) throws IOException {
        String good = write(NOW, Occasion.CHANGE, snapshot(models()));
        Files.writeString(folder.resolve("20270101000000000-snapshot.cfg"), content);

        assertThat(new SnapshotFiles(folder).last().orElseThrow().file()).isEqualTo(folder.resolve(good));
    }

    @Test
    void ignoresFilesThatAreNotNamedAsSnapshotsAre() throws IOException {
        String good = write(NOW, Occasion.CHANGE, snapshot(models()));
        for (String foreign : new String[] {
            "99999999999999999-snapshot.cfg", "20270101000000000-other.cfg", "notes.txt", "x.cfg", ".unfinished-a.cfg"
        }) {
            Files.writeString(folder.resolve(foreign), "model_snapshot={\"models\": {}}");
        }
        SnapshotFiles files = new SnapshotFiles(folder);
        files.tellForeign();
        files.deleteUnfinished();

        assertThat(files.last().orElseThrow().file()).isEqualTo(folder.resolve(good));
        assertThat(folder.resolve(".unfinished-a.cfg")).doesNotExist();
        assertThat(folder.resolve("x.cfg")).exists();
    }

    @Test
    void keepsTheNewestOfEachKind() throws IOException {
        for (int i = 0; i < 5; i++) {
            write(NOW.plusSeconds(i), Occasion.STARTUP, snapshot(models()));
            write(NOW.plusSeconds(i), Occasion.CHANGE, snapshot(models()));
        }
        Files.writeString(folder.resolve("mine.cfg"), "");
        new SnapshotFiles(folder).prune(2);

        try (var left = Files.list(folder)) {
            assertThat(left.map(file -> String.valueOf(file.getFileName())))
                    .containsExactlyInAnyOrder(
                            "20260304050610089-startup.cfg",
                            "20260304050610090-snapshot.cfg",
                            "20260304050611089-startup.cfg",
                            "20260304050611090-snapshot.cfg",
                            "mine.cfg");
        }
    }

    @Test
    void isForItsUserAlone() throws IOException {
        Path file = folder.resolve(write(NOW, Occasion.CHANGE, snapshot(models())));

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void leavesNothingBehindWhenItCannotWrite() throws IOException {
        SnapshotFiles files = new SnapshotFiles(folder);
        SnapshotName name = SnapshotName.next(NOW, Optional.empty(), Occasion.CHANGE);
        // In place of the file, and not to be replaced.
        Files.createDirectories(folder.resolve(".unfinished-" + name.file()).resolve("full"));

        assertThatThrownBy(() -> files.write(name, NOW, snapshot(models()))).isInstanceOf(IOException.class);
        assertThat(files.last()).isEmpty();
        assertThat(new SnapshotFiles(folder.resolve("absent")).last()).isEmpty();
    }

    @Test
    void withoutModelsItIsASnapshotToo() throws IOException {
        write(NOW, Occasion.CHANGE, snapshot(models()));
        write(NOW, Occasion.CHANGE, snapshot(DesiredModels.NONE));

        assertThat(new SnapshotFiles(folder).last().orElseThrow().snapshot().models())
                .isEqualTo(DesiredModels.NONE);
    }
}
