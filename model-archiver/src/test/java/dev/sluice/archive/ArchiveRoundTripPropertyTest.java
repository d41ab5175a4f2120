// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class ArchiveRoundTripPropertyTest {
    /** What one try needs, removed after it. */
    private interface InDirectory {
        void run(Path directory) throws IOException;
    }

    private static void in(InDirectory action) throws IOException {
        Path directory = Files.createTempDirectory("roundtrip");
        try {
            action.run(directory);
        } finally {
            FileTree.delete(directory);
        }
    }

    @Property(tries = 150)
    void anyTreeComesBackFromAnyFormat(@ForAll("trees") Map<String, String> tree, @ForAll ArchiveFormat format)
            throws IOException {
        in(directory -> {
            Map<String, Path> files = new LinkedHashMap<>();
            int number = 0;
            for (var entry : tree.entrySet()) {
                files.put(entry.getKey(), Trees.write(directory.resolve("in/" + number++), entry.getValue()));
            }
            Path archive = directory.resolve("m" + format.suffix());
            try {
                new ArchiveWriter(format, ModelPackager.DEFAULT_TIMESTAMP).write(archive, "m", Manifest.empty(), files);
            } catch (ArchiveException clash) {
                assertThat(clash.reason()).containsAnyOf("letter case", "directory", "twice");
                return;
            }

            ArchiveReader.of(archive, ArchiveLimits.defaults()).extractTo(directory.resolve("out"));

            Map<String, String> unpacked = Trees.files(directory.resolve("out"));
            unpacked.remove(Manifest.LOCATION);
            assertThat(unpacked).isEqualTo(tree);
        });
    }

    @Property(tries = 300)
    void noNameInAZipFileEverEscapes(@ForAll("hostileNames") List<String> names) throws IOException {
        in(directory -> {
            ZipForge zip = new ZipForge();
            names.forEach(name -> zip.add(name, "evil"));
            extractAndLookAround(
                    zip.writeTo(Files.createDirectory(directory.resolve("a")).resolve("e.mar")), directory);
        });
    }

    @Property(tries = 300)
    void noNameInATarFileEverEscapes(@ForAll("hostileNames") List<String> names) throws IOException {
        in(directory -> {
            TarForge tar = new TarForge();
            names.forEach(name -> tar.file(name, "evil"));
            extractAndLookAround(
                    tar.writeTo(Files.createDirectory(directory.resolve("a")).resolve("e.tgz")), directory);
        });
    }

    private static void extractAndLookAround(Path archive, Path directory) throws IOException {
        Path parent = Files.createDirectories(directory.resolve("b/c"));
        boolean isExtracted = true;
        try {
            ArchiveReader.of(archive, ArchiveLimits.defaults()).extractTo(parent.resolve("target"));
        } catch (ArchiveException refused) {
            isExtracted = false;
        }
        assertThat(Trees.names(directory))
                .allMatch(name -> name.startsWith("a")
                        || name.equals("b")
                        || name.equals("b/c")
                        || name.startsWith("b/c/target"));
        assertThat(Files.exists(parent.resolve("target"))).isEqualTo(isExtracted);
    }

    @Provide
    Arbitrary<Map<String, String>> trees() {
        Arbitrary<String> component = Arbitraries.strings()
                .withChars("aBc._-1 ")
                .ofMinLength(1)
                .ofMaxLength(6)
                .filter(s -> !s.matches("\\.+"));
        // A hidden directory would be left out when a directory is read back.
        Arbitrary<String> visible = component.filter(s -> !s.startsWith("."));
        Arbitrary<String> name = Arbitraries.frequencyOf(
                Tuple.of(3, component),
                Tuple.of(1, visible.list().ofMinSize(2).ofMaxSize(5).map(parts -> String.join("/", parts))));
        Arbitrary<String> content =
                Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(3_000);
        return Arbitraries.maps(name, content).ofMaxSize(8);
    }

    @Provide
    Arbitrary<List<String>> hostileNames() {
        return Arbitraries.of("..", "..", "/", "/", ".", "\\", "a", "b", "\0", "C:", "tmp", "link/")
                .list()
                .ofMinSize(1)
                .ofMaxSize(7)
                .map(parts -> String.join("", parts))
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }
}
