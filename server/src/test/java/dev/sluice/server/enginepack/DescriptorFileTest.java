// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DescriptorFileTest {
    private static final MavenCoordinates JAR = MavenCoordinates.parse("org.example:jar:1.0:linux-x86_64");
    private static final PackDescriptor DESCRIPTOR = new PackDescriptor(
            "fake",
            "Fake \\ Engine",
            "1.2",
            "MIT",
            List.of("one: (.a)", "two = (.b)"),
            List.of(".a", "whole.b"),
            2,
            "linux-x86_64",
            List.of(
                    new Artifact(MavenCoordinates.parse("org.example:code:1.0"), "a".repeat(64), 3, true),
                    new Artifact(JAR, "b".repeat(64), 4, false)),
            List.of(new NativeFile(JAR, "in/lib.so", "sub/lib.so", 5)));

    @TempDir
    private Path folder;

    @Test
    void readsWhatItWrote() throws IOException {
        DescriptorFile.write(folder, DESCRIPTOR);

        assertThat(DescriptorFile.read(folder)).isEqualTo(DESCRIPTOR);
    }

    @ParameterizedTest
    @CsvSource({
        "id, ../x",
        "id, ''",
        "id, A",
        "title, ''",
        "spi, two",
        "spi, -1",
        "artifact.1, only:two",
        "artifact.1, org.example:../../etc:1",
        "artifact.1, org.example:a/b:1",
        "artifact.1, .:a:1",
        "artifact.1.sha256, AAAA",
        "artifact.1.size, -1",
        "artifact.1.size, 99999999999999999999",
        "native.1, ../lib.so",
        "native.1.artifact, 0",
        "native.1.artifact, 3",
        "native.1.entry, ''",
    })
    void namesTheValueItCannotUse(String key, String value) throws IOException {
        DescriptorFile.write(folder, DESCRIPTOR);
        Path file = folder.resolve(PackDescriptor.FILE);
        Files.writeString(file, Files.readString(file) + key + "=" + value + "\n");

        assertThatThrownBy(() -> DescriptorFile.read(folder))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining(value.isEmpty() ? key : value)
                .hasMessageContaining("(expected: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\\uZZZZ", "id = fake"})
    void refusesWhatIsNoDescriptor(String content) throws IOException {
        Files.writeString(folder.resolve(PackDescriptor.FILE), content);

        assertThatThrownBy(() -> DescriptorFile.read(folder)).isInstanceOf(ServingException.class);
    }

    @Test
    void refusesAFileThatIsTooLargeToBeOne() throws IOException {
        Files.write(folder.resolve(PackDescriptor.FILE), new byte[2 << 20]);

        assertThatThrownBy(() -> DescriptorFile.read(folder)).hasMessageContaining("size: 2097152");
    }

    @Test
    void namesARepositorysFile() {
        assertThat(JAR.path()).isEqualTo("org/example/jar/1.0/jar-1.0-linux-x86_64.jar");
        assertThat(JAR).hasToString("org.example:jar:1.0:linux-x86_64");
    }
}
