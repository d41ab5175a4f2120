// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.blackbox.Digits.Digit;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sluice engines} on a copy of the built distribution. The repository is the one the build took its jars from. */
class EnginePacksIT {
    private static final long SECONDS = 300;

    private final Client client = new Client();

    @TempDir
    private Path folder;

    private Path copy;

    @BeforeEach
    void copyDistribution() throws Exception {
        copy = folder.resolve("copy");
        // With its links: half a gigabyte of native libraries stays where it is.
        Process process = new ProcessBuilder("cp", "-a", Distribution.root().toString(), copy.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void servesAModelOfAPackThatWasAdded() throws Exception {
        assertThat(sluice(0, "engines", "remove", "pytorch")).contains("pytorch is removed.");
        assertThat(sluice(0, "engines", "list")).containsPattern("pytorch +2\\.7\\.1 +- +not installed");

        String added = sluice(0, "engines", "add", "pytorch", "--from", repository());

        assertThat(added)
                .contains("ai.djl.pytorch:pytorch-native-cpu:")
                .contains("PyTorch 2.7.1 is in " + copy.toRealPath().resolve("engines/pytorch"))
                .contains("pytorch 2.7.1 answered [2.0, 4.0, 6.0]");
        assertThat(Files.isDirectory(copy.resolve("engines/pytorch/native"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(sluice(0, "engines", "list", "--verify")).containsPattern("pytorch +2\\.7\\.1 +\\d+ MB +ready");
        assertServes();
    }

    private void assertServes() throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Digits.pack(store, "digits", "digits.pt");
        Path log = folder.resolve("log");
        try (SluiceServer server = SluiceServer.start(store, log, "--models", "all", "--set", enginesDir())) {
            Digit digit = Digits.all().get(0);
            HttpResponse<String> answer = client.post(server.inference("/predictions/digits"), digit.image());
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(digit.deviation(answer.body())).isLessThan(1e-3);
        }
        assertThat(log).content().containsPattern("Engines: .*pytorch 2\\.7\\.1");
    }

    /** Whoever may register models gets an error for an engine that is not there, and nothing else happens. */
    @Test
    void noRequestAddsAnEngine() throws Exception {
        sluice(0, "engines", "remove", "pytorch");
        List<String> before = engines();
        Path store = Files.createDirectory(folder.resolve("store"));
        Digits.pack(store, "digits", "digits.pt");
        try (SluiceServer server = SluiceServer.start(store, folder.resolve("log"), "--set", enginesDir())) {
            HttpResponse<String> answer = client.post(
                    server.management("/models?url=digits.mar&initial_workers=1&synchronous=true"), new byte[0]);
            assertThat(answer.statusCode()).isBetween(400, 499);
            assertThat(answer.body()).contains("No engine runs the file digits.pt", "sluice engines add pytorch");
        }
        assertThat(engines()).isEqualTo(before);
    }

    @Test
    void everyEngineOfTheDistributionPassesItsTrial() throws Exception {
        String answers = sluice(0, "engines", "test");

        for (String id : engines()) {
            // DJL comes without an engine of its own.
            String answer = id.equals("djl") ? " has nothing to try" : " \\d.* answered \\[";
            assertThat(answers).containsPattern("(?m)^" + id + answer);
        }
    }

    @Test
    void aBrokenPackIsNamedAndLeftOut() throws Exception {
        Files.delete(copy.resolve("engines/onnxruntime/lib/" + onnxRuntimeJar()));

        assertThat(sluice(0, "engines", "list"))
                .containsPattern(
                        "onnxruntime is broken: file lib/onnxruntime-.*jar is missing; .*engines add onnxruntime");
        assertThat(sluice(1, "engines", "list", "--verify")).contains("broken");
        assertThat(sluice(1, "engines", "test", "onnxruntime")).contains("is missing");
    }

    @Test
    void namesThePacksThereAre() throws Exception {
        assertThat(sluice(2, "engines", "add", "pytorhc")).contains("engine pack: pytorhc (expected one of: ");
        assertThat(sluice(2, "engines", "remove", "../lib")).contains("engine pack: ../lib (expected: one that is");
        assertThat(copy.resolve("lib")).isNotEmptyDirectory();
    }

    private String onnxRuntimeJar() throws IOException {
        try (Stream<Path> jars = Files.list(copy.resolve("engines/onnxruntime/lib"))) {
            return jars.map(jar -> jar.getFileName().toString())
                    .filter(name -> name.startsWith("onnxruntime-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private List<String> engines() throws IOException {
        try (Stream<Path> children = Files.list(copy.resolve("engines"))) {
            return children.map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    private String enginesDir() {
        return "engines_dir=" + copy.resolve("engines");
    }

    private static String repository() {
        return Objects.requireNonNull(System.getProperty("sluice.repository"));
    }

    /** Runs the copy's command; what it wrote, on both outputs. */
    private String sluice(int expectedCode, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(copy.resolve("bin/sluice").toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(folder, "output", "");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        String written = Files.readString(output, UTF_8);
        assertThat(process.exitValue()).as(written).isEqualTo(expectedCode);
        return written;
    }
}
