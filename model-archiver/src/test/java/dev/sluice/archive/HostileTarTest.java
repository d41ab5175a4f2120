// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileTarTest {
    @TempDir
    Path directory;

    private final TarForge tar = new TarForge();

    private void refuses(byte[] bytes, ArchiveLimits limits, String... parts) throws IOException {
        Path archive = Files.write(directory.resolve("evil.tar.gz"), bytes);
        Path parent = Trees.fresh(directory, "parent");

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> ArchiveReader.of(archive, limits).extractTo(parent.resolve("target")))
                .satisfies(e -> assertThat(e.reason()).contains(parts).contains("evil.tar.gz"));

        assertThat(Trees.names(directory)).containsExactly("evil.tar.gz", "parent");
    }

    private void refuses(String... parts) throws IOException {
        refuses(tar.gzipped(), ArchiveLimits.defaults(), parts);
    }

    private Path extracted() throws IOException {
        Path archive = tar.writeTo(directory.resolve("good.tar.gz"));
        ArchiveReader.of(archive, ArchiveLimits.defaults()).extractTo(directory.resolve("out"));
        return directory.resolve("out");
    }

    @Test
    void dropsTheFirstComponentAndKeepsFilesWithoutOne() throws IOException {
        tar.directory("m/")
                .file("m/a.txt", "a")
                .file("m/sub/b.txt", "b")
                .directory("m/empty/")
                .file("c.txt", "c");

        assertThat(Trees.names(extracted())).containsExactly("a.txt", "c.txt", "empty", "sub", "sub/b.txt");
    }

    @Test
    void dropsADotAsFirstComponent() throws IOException {
        tar.directory("./").file("./MAR-INF/MANIFEST.json", "{}").file("./h.py", "h");

        assertThat(Trees.files(extracted())).containsOnlyKeys("MAR-INF/MANIFEST.json", "h.py");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "m/../../evil", "/etc/evil", "m/..", "C:/evil", "m\\..\\evil", "m/a\nb"})
    void refusesNamesThatEscape(String name) throws IOException {
        tar.file("m/first.txt", "written before the refusal").file(name, "x");

        refuses("entry \"");
    }

    @Test
    void slashesAfterTheTopDoNotMakeAnAbsoluteName() throws IOException {
        tar.file("m//etc/x", "x");

        assertThat(Trees.files(extracted())).containsOnlyKeys("etc/x");
    }

    @Test
    void refusesALinkAndWhatWouldBeWrittenThroughIt() throws IOException {
        tar.entry("m/link", '2', "/tmp", new byte[0]).file("m/link/evil", "x");

        refuses("\"m/link\"", "is a link");
    }

    @Test
    void refusesAHardLink() throws IOException {
        tar.entry("m/link", '1', "/etc/passwd", new byte[0]);

        refuses("is a link");
    }

    @ParameterizedTest
    @ValueSource(chars = {'3', '4', '6', '7', 'S', 'D', 'M', 'V', 'Z'})
    void refusesSpecialFiles(char type) throws IOException {
        tar.entry("m/special", type, "", new byte[0]);

        refuses("evil.tar.gz");
    }

    @Test
    void refusesDuplicatesAlsoOnceTheTopIsDropped() throws IOException {
        tar.file("m/a", "good").file("n/a", "evil");

        refuses("\"a\"", "is there twice");
    }

    @Test
    void refusesCaseCollisions() throws IOException {
        tar.file("m/a", "good").file("m/A", "evil");

        refuses("letter case");
    }

    @Test
    void refusesABomb() throws IOException {
        tar.file("m/zeros", new byte[4 << 20]);

        refuses(
                tar.gzipped(),
                new ArchiveLimits(10, 1L << 40, 200, 1 << 20, 1 << 20, 100, 5),
                "\"zeros\"",
                "200 times");
    }

    @Test
    void refusesALongNameThatWouldFillMemory() throws IOException {
        byte[] longName = new byte[8 << 20];
        Arrays.fill(longName, (byte) 'a');
        tar.entry("././@LongLink", 'L', "", longName).file("m/a", "x");

        refuses("header", "too long");
    }

    @Test
    void refusesAPaxHeaderThatWouldFillMemory() throws IOException {
        byte[] value = new byte[8 << 20];
        Arrays.fill(value, (byte) 'a');
        byte[] start = ((value.length + 30) + " path=").getBytes(StandardCharsets.UTF_8);
        System.arraycopy(start, 0, value, 0, start.length);
        tar.entry("PaxHeader", 'x', "", value).file("m/a", "x");

        refuses("evil.tar.gz");
    }

    @Test
    void refusesANameSmuggledInAPaxHeader() throws IOException {
        String path = "path=m/../../evil\n";
        tar.entry("PaxHeader", 'x', "", ((path.length() + 3) + " " + path).getBytes(StandardCharsets.UTF_8))
                .file("m/safe", "x");

        refuses("climbs out");
    }

    @Test
    void refusesTooManyEntries() throws IOException {
        for (int i = 0; i < 6; i++) {
            tar.file("m/f" + i, "");
        }

        refuses(tar.gzipped(), new ArchiveLimits(5, 1 << 20, 200, 1 << 20, 1 << 20, 100, 5), "6 entries", "limit: 5");
    }

    @Test
    void refusesContentThatDoesNotFollow() throws IOException {
        tar.headerOnly("m/a", '0', 1L << 32);

        refuses("evil.tar.gz");
    }

    @Test
    void refusesADirectoryWithContent() throws IOException {
        tar.entry("m/d/", '5', "", "content".getBytes(StandardCharsets.UTF_8));

        refuses("evil.tar.gz");
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        byte[] whole = tar.file("m/a", "hello").gzipped();

        for (int length = 0; length < whole.length; length++) {
            refuses(Arrays.copyOf(whole, length), ArchiveLimits.defaults(), "evil.tar.gz");
        }
    }

    @Test
    void saysWhatAFileThatIsNoGzipShouldBe() throws IOException {
        refuses("PK is a zip".getBytes(StandardCharsets.UTF_8), ArchiveLimits.defaults(), "not a gzip-compressed tar");
    }
}
