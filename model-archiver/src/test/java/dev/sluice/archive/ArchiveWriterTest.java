// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ArchiveWriterTest {
    private static final Map<String, String> CONTENT = Map.of(
            "z.txt",
            "last",
            "a.txt",
            "first",
            "sub/deep/b.bin",
            "\0\1\2",
            "d".repeat(90) + "/" + "n".repeat(90),
            "long");

    @TempDir
    Path directory;

    private Map<String, Path> inputs(String where, boolean reversed, String modified) throws IOException {
        List<String> names = new ArrayList<>(CONTENT.keySet());
        Collections.sort(names);
        if (reversed) {
            Collections.reverse(names);
        }
        Map<String, Path> files = new LinkedHashMap<>();
        for (String name : names) {
            Path file = Trees.write(directory.resolve(where).resolve(name), CONTENT.getOrDefault(name, ""));
            Files.setLastModifiedTime(file, FileTime.from(Instant.parse(modified)));
            files.put(name, file);
        }
        return files;
    }

    private Path written(ArchiveFormat format, String name, Map<String, Path> files) {
        Path target = directory.resolve(name + format.suffix());
        new ArchiveWriter(format, ModelPackager.DEFAULT_TIMESTAMP).write(target, "m", Manifest.empty(), files);
        return target;
    }

    @ParameterizedTest
    @EnumSource(names = "NO_ARCHIVE", mode = EnumSource.Mode.EXCLUDE)
    void sameContentMakesTheSameBytes(ArchiveFormat format) throws IOException {
        Path first = written(format, "first", inputs("one", false, "2020-01-01T00:00:00Z"));
        TimeZone zone = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Auckland"));
        try {
            Path second = written(format, "second", inputs("two", true, "2025-06-07T08:09:10Z"));

            assertThat(second).hasSameBinaryContentAs(first);
        } finally {
            TimeZone.setDefault(zone);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrittenIsReadBack(ArchiveFormat format) throws IOException {
        Path target = written(format, "m", inputs("in", false, "2020-01-01T00:00:00Z"));

        ArchiveReader.of(target, ArchiveLimits.defaults()).extractTo(directory.resolve("out"));

        Map<String, String> files = Trees.files(directory.resolve("out"));
        assertThat(files.remove(Manifest.LOCATION)).contains("\"runtime\": \"python\"");
        assertThat(files).isEqualTo(CONTENT);
    }

    @ParameterizedTest
    @EnumSource(names = {"DEFAULT", "ZIP_STORE"})
    void zipFilesCanBeReadFrontToBack(ArchiveFormat format) throws IOException {
        Path target = written(format, "m", inputs("in", false, "2020-01-01T00:00:00Z"));
        Map<String, String> streamed = new LinkedHashMap<>();

        try (InputStream in = Files.newInputStream(target);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                streamed.put(entry.getName(), new String(zip.readAllBytes(), StandardCharsets.ISO_8859_1));
                assertThat(entry.getExtra()).isNull();
            }
        }

        assertThat(streamed.keySet()).first().isEqualTo(Manifest.LOCATION);
        assertThat(streamed).containsAllEntriesOf(CONTENT).hasSize(CONTENT.size() + 1);
    }

    @Test
    void refusesWhatAReaderWouldRefuse() throws IOException {
        Path file = Trees.write(directory.resolve("f"), "x");

        for (String name : List.of("../x", "/x", Manifest.LOCATION, "mar-inf/manifest.json")) {
            assertThatExceptionOfType(ArchiveException.class)
                    .as(name)
                    .isThrownBy(() -> written(ArchiveFormat.DEFAULT, "m", Map.of(name, file)));
        }
        assertThat(Trees.names(directory)).containsExactly("f");
    }

    @ParameterizedTest
    @EnumSource
    void leavesThePreviousArchiveWhenItFails(ArchiveFormat format) throws IOException {
        Path target = written(format, "m", inputs("in", false, "2020-01-01T00:00:00Z"));
        Map<String, String> before = Files.isDirectory(target) ? Trees.files(target) : Map.of();
        long size = Files.size(target);

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> written(format, "m", Map.of("a", directory.resolve("vanished"))));

        assertThat(Files.isDirectory(target) ? Trees.files(target) : Map.of()).isEqualTo(before);
        assertThat(Files.size(target)).isEqualTo(size);
        assertThat(Trees.names(directory)).noneMatch(name -> name.contains(".partial"));
    }

    @Test
    void replacesADirectoryWhole() throws IOException {
        Path target = written(ArchiveFormat.NO_ARCHIVE, "m", inputs("in", false, "2020-01-01T00:00:00Z"));

        written(ArchiveFormat.NO_ARCHIVE, "m", Map.of("only.txt", directory.resolve("in/a.txt")));

        assertThat(Trees.files(target)).containsOnlyKeys(Manifest.LOCATION, "only.txt");
        assertThat(Trees.names(directory)).noneMatch(name -> name.contains(".partial"));
    }

    @Test
    void tarEntriesBelongToNobody() throws IOException {
        Path target = written(ArchiveFormat.TGZ, "m", inputs("in", false, "2020-01-01T00:00:00Z"));

        try (InputStream in = new GZIPInputStream(Files.newInputStream(target));
                TarArchiveInputStream tar = new TarArchiveInputStream(in)) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                assertThat(entry.getName()).startsWith("m/");
                assertThat(entry.getUserName() + entry.getGroupName()).isEmpty();
                assertThat(entry.getLongUserId() + entry.getLongGroupId()).isZero();
                assertThat(entry.getMode()).isEqualTo(0100644);
                assertThat(entry.getLastModifiedTime().toInstant()).isEqualTo(ModelPackager.DEFAULT_TIMESTAMP);
            }
        }
    }

    @Test
    void datesEntriesAsTold() throws IOException {
        Path target = directory.resolve("m.mar");
        new ArchiveWriter(ArchiveFormat.DEFAULT, Instant.parse("2024-02-03T04:05:06Z"))
                .write(target, "m", Manifest.empty(), Map.of());

        try (InputStream in = Files.newInputStream(target);
                ZipInputStream zip = new ZipInputStream(in)) {
            ZipEntry entry = zip.getNextEntry();
            assertThat(entry).isNotNull();
            assertThat(entry.getTimeLocal()).hasToString("2024-02-03T04:05:06");
        }
    }
}
