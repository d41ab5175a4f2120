// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SystemCallsTest {
    private static final Path FOLDER = Path.of("/work");

    @Test
    void seesTheNetworkInWhateverWayItIsTried() {
        for (String line : List.of(
                "7 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 5<socket:[1]>",
                "7 connect(5<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(443), ...}, 28) = -1 ENETUNREACH",
                "7 sendto(5<UDP:[1]>, \"x\", 1, 0, {sa_family=AF_INET, sin_port=htons(53)}, 16 <unfinished ...>")) {
            assertThat(SystemCalls.parse(List.of(line), FOLDER).network()).containsExactly(line);
        }
    }

    @Test
    void leavesOutWhatIsNoNetwork() {
        assertThat(SystemCalls.parse(
                                List.of(
                                        "7 socket(AF_INET6, SOCK_STREAM, IPPROTO_IP) = 4<socket:[1]>",
                                        "7 socket(AF_UNIX, SOCK_STREAM, 0) = 4<socket:[1]>",
                                        "7 connect(4<socket:[1]>, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 110) = -1"),
                                FOLDER)
                        .network())
                .isEmpty();
    }

    @Test
    void seesEveryFileAndFolderThatIsMade() {
        assertThat(SystemCalls.parse(
                                List.of(
                                        "7 openat(AT_FDCWD</work>, \"/a/b\", O_RDWR|O_CREAT|O_TRUNC, 0666) = 3</a/b>",
                                        "7 openat(AT_FDCWD</work>, \"c\", O_WRONLY|O_CREAT <unfinished ...>",
                                        "7 openat(9</d>, \"e\", O_WRONLY|O_CREAT, 0600) = -1 EACCES",
                                        "7 open(\"/f\", O_WRONLY|O_CREAT, 0600) = 3",
                                        "7 creat(\"/g\", 0600) = 3",
                                        "7 mkdir(\"/h\", 0777) = -1 EEXIST (File exists)",
                                        "7 mkdirat(AT_FDCWD</work>, \"i\", 0777) = 0",
                                        "7 openat(AT_FDCWD</work>, \"/read\", O_RDONLY|O_CLOEXEC) = 3</read>"),
                                FOLDER)
                        .created())
                .containsExactlyInAnyOrder(
                        Path.of("/a/b"),
                        Path.of("/work/c"),
                        Path.of("/d/e"),
                        Path.of("/f"),
                        Path.of("/g"),
                        Path.of("/h"),
                        Path.of("/work/i"));
    }
}
