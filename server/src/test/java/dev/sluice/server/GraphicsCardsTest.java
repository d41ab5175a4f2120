// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GraphicsCardsTest {
    @TempDir
    private Path root;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0,1,2           | 3
            2               | 1
            1,1             | 1
            0,1,2,3,4       | 3
            GPU-4d5e, MIG-1 | 2
            0,-1,1          | 1
            ''              | 0
            -1              | 0
            """)
    void countsWhatIsVisible(String visible, int cards) throws IOException {
        Path devices = Files.createDirectory(root.resolve("dev"));
        for (String name : new String[] {"nvidia0", "nvidia1", "nvidia7", "nvidiactl", "nvidia-uvm", "null"}) {
            Files.createFile(devices.resolve(name));
        }

        assertThat(new GraphicsCards(root).visible(Map.of("CUDA_VISIBLE_DEVICES", visible)))
                .isEqualTo(cards);
        assertThat(new GraphicsCards(root).visible(Map.of())).isEqualTo(3);
    }

    /** Seen to fail when processors, which are nodes there as well, were counted. */
    @Test
    void countsCardsOfAnotherVendor() throws IOException {
        Path nodes = Files.createDirectories(root.resolve("sys/class/kfd/kfd/topology/nodes"));
        Files.writeString(Files.createDirectory(nodes.resolve("0")).resolve("gpu_id"), "0\n");
        Files.writeString(Files.createDirectory(nodes.resolve("1")).resolve("gpu_id"), "51197\n");
        Files.writeString(Files.createDirectory(nodes.resolve("2")).resolve("gpu_id"), "3898\n");

        assertThat(new GraphicsCards(root).visible(Map.of())).isEqualTo(2);
        assertThat(new GraphicsCards(root).visible(Map.of("HIP_VISIBLE_DEVICES", "1")))
                .isEqualTo(1);
    }

    @Test
    void countsNoneWhereThereAreNone() {
        assertThat(new GraphicsCards(root).visible(Map.of())).isZero();
    }
}
