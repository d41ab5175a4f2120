// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileZipTest {
    private static final int SYMLINK = 0120777;
    private static final int DEVICE = 0020666;
    private static final int FIFO = 0010666;

    @TempDir
    Path directory;

    private final ZipForge zip = new ZipForge();

    /** Extracts the forged archive, expecting a refusal that says {@code parts} and leaves nothing anywhere. */
    private void refuses(ArchiveLimits limits, String... parts) throws IOException {
        refuses(zip.bytes(), limits, parts);
    }

    private void refuses(String... parts) throws IOException {
        refuses(ArchiveLimits.defaults(), parts);
    }

    private void refuses(byte[] bytes, ArchiveLimits limits, String... parts) throws IOException {
        Path archive = Files.write(directory.resolve("evil.mar"), bytes);
        Path parent = Trees.fresh(directory, "parent");

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> ArchiveReader.of(archive, limits).extractTo(parent.resolve("target")))
                .satisfies(e -> assertThat(e.reason()).contains(parts).contains("evil.mar"));

        assertThat(Trees.names(directory)).containsExactly("evil.mar", "parent");
    }

    @Test
    void acceptsAnHonestForgery() throws IOException {
        zip.add("d/", "");
        zip.add("d/a.txt", "hello").deflated();
        zip.add("b.txt", "stored").unixMode(0100644);
        Path archive = zip.writeTo(directory.resolve("good.mar"));

        ArchiveReader.of(archive, ArchiveLimits.defaults()).extractTo(directory.resolve("out"));

        assertThat(Trees.files(directory.resolve("out")))
                .containsEntry("d/a.txt", "hello")
                .containsEntry("b.txt", "stored")
                .hasSize(2);
    }

    @Test
    void readsTheWideFieldsOfLargeArchives() throws IOException {
        zip.zip64().add("d/a.txt", "hello").deflated();
        zip.add("b.txt", "stored");
        Path archive = zip.writeTo(directory.resolve("good.mar"));

        ArchiveReader.of(archive, ArchiveLimits.defaults()).extractTo(directory.resolve("out"));

        assertThat(Trees.files(directory.resolve("out")))
                .containsEntry("d/a.txt", "hello")
                .containsEntry("b.txt", "stored");
    }

    @Test
    void refusesEveryTruncationOfTheWideFields() throws IOException {
        zip.zip64().add("a", "hello");
        byte[] whole = zip.bytes();

        for (int length = 0; length < whole.length; length++) {
            refuses(Arrays.copyOf(whole, length), ArchiveLimits.defaults(), "evil.mar");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../evil", "a/../../evil", "/tmp/evil", "C:/evil", "C:evil", "..\\evil", "a\\b", "a\0b", "a/.."})
    void refusesNamesThatEscape(String name) throws IOException {
        zip.add("first.txt", "written before the refusal");
        zip.add(name, "x");

        refuses("entry \"");
    }

    @Test
    void refusesALink() throws IOException {
        zip.add("link", "/etc/passwd").unixMode(SYMLINK);

        refuses("\"link\"", "symbolic link");
    }

    @Test
    void refusesALinkNamedLikeADirectory() throws IOException {
        zip.add("link/", "").unixMode(SYMLINK);

        refuses("symbolic link");
    }

    @ParameterizedTest
    @ValueSource(ints = {DEVICE, FIFO, 0060666, 0140666})
    void refusesSpecialFiles(int mode) throws IOException {
        zip.add("special", "").unixMode(mode);

        refuses("\"special\"", "special file");
    }

    @Test
    void refusesDuplicates() throws IOException {
        zip.add("a.py", "good");
        zip.add("a.py", "evil");

        refuses("\"a.py\"", "is there twice");
    }

    @Test
    void refusesCaseCollisions() throws IOException {
        zip.add("MAR-INF/MANIFEST.json", "{}");
        zip.add("mar-inf/manifest.json", "{}");

        refuses("letter case");
    }

    @Test
    void refusesAFileThatIsAlsoADirectory() throws IOException {
        zip.add("a", "file");
        zip.add("a/b", "below");

        refuses("\"a/b\"", "needs a directory");
    }

    @Test
    void refusesADirectoryWithContent() throws IOException {
        zip.add("a/", "content");

        refuses("directory with content");
    }

    @Test
    void refusesALocalNameThatDiffers() throws IOException {
        zip.add("safe.txt", "x").localName("../evil");

        refuses("\"safe.txt\"", "local header");
    }

    @Test
    void refusesAnEncryptedEntry() throws IOException {
        zip.add("a", "x").flags(1);

        refuses("is encrypted");
    }

    @Test
    void refusesUnknownCompression() throws IOException {
        zip.add("a", "x").method(12);

        refuses("method 12");
    }

    @Test
    void refusesNamesThatAreNotUtf8() throws IOException {
        zip.add("x", "x").rawName(new byte[] {'a', (byte) 0xff, 'b'});

        refuses("not UTF-8");
    }

    @Test
    void refusesABomb() throws IOException {
        zip.add("zeros", new byte[4 << 20]).deflated();

        refuses(new ArchiveLimits(10, 1L << 40, 200, 1 << 20, 1 << 20, 100, 5), "\"zeros\"", "200 times");
    }

    @Test
    void countsWhatComesOutAndNotWhatIsDeclared() throws IOException {
        zip.add("zeros", new byte[4 << 20]).deflated().declaredSize(10);

        refuses("longer than the 10 bytes it declares");
    }

    @Test
    void refusesToUnpackMoreThanTheLimit() throws IOException {
        zip.add("a", new byte[600]);
        zip.add("b", new byte[600]);

        refuses(new ArchiveLimits(10, 1_000, 200, 1 << 20, 1 << 20, 100, 5), "\"b\"", "1000 unpacked bytes");
    }

    @Test
    void refusesTooManyEntriesBeforeReadingThem() throws IOException {
        for (int i = 0; i < 6; i++) {
            zip.add("f" + i, "");
        }

        refuses(new ArchiveLimits(5, 1_000, 200, 1 << 20, 1 << 20, 100, 5), "6 entries", "limit: 5");
    }

    @Test
    void refusesADirectoryWithMoreEntriesThanItCounts() throws IOException {
        zip.add("a", "");
        zip.add("b", "");
        zip.announce(1);

        refuses("more entries than it counts");
    }

    @Test
    void refusesADirectoryWithFewerEntriesThanItCounts() throws IOException {
        zip.add("a", "");
        zip.announce(9_999);

        refuses("evil.mar");
    }

    @Test
    void refusesBytesThatDoNotMatchTheirChecksum() throws IOException {
        zip.add("a", "x").declaredCrc(1);

        refuses("\"a\"", "does not match its checksum");
    }

    @Test
    void refusesAnEntryShorterThanDeclared() throws IOException {
        zip.add("a", "xy").deflated().declaredSize(3);

        refuses("2 of 3 bytes");
    }

    @Test
    void refusesDataPutBeforeTheArchive() throws IOException {
        zip.add("a", "x");
        byte[] honest = zip.bytes();
        byte[] prefixed = new byte[honest.length + 10];
        System.arraycopy(honest, 0, prefixed, 10, honest.length);

        refuses(prefixed, ArchiveLimits.defaults(), "data was put around it");
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        zip.add("MAR-INF/MANIFEST.json", "{}").deflated();
        zip.add("a", "hello");
        byte[] whole = zip.bytes();

        for (int length = 0; length < whole.length; length++) {
            refuses(Arrays.copyOf(whole, length), ArchiveLimits.defaults(), "evil.mar");
        }
    }

    @Test
    void refusesAHugeManifestWithoutExtracting() throws IOException {
        zip.add("MAR-INF/MANIFEST.json", " ".repeat(2 << 20)).deflated();
        Path archive = zip.writeTo(directory.resolve("m.mar"));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() ->
                        ArchiveReader.of(archive, ArchiveLimits.defaults()).manifest())
                .withMessageContaining("1048576 bytes");
    }

    @Test
    void refusesOffsetsAndSizesThatOverflow() throws IOException {
        zip.add("a", "x");
        byte[] bytes = zip.bytes();
        int directoryAt = 31 + 1;
        Stream.of(20, 24, 42)
                .forEach(field -> Arrays.fill(bytes, directoryAt + field, directoryAt + field + 4, (byte) 0xfe));

        refuses(bytes, ArchiveLimits.defaults(), "evil.mar");
    }
}
