// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code torchserve} of the built distribution. Source: torchserve.md section 5.7 and section 14, row 88. */
class TorchserveLauncherIT {
    private static final long PATIENCE_SECONDS = 120;
    private static final Pattern INFERENCE = Pattern.compile("Inference:\\s+(http://\\S+)");

    @TempDir
    private Path folder;

    private Path temporary;
    private Path pidFile;
    private Path output;

    @BeforeEach
    void prepare() throws IOException {
        temporary = Files.createDirectory(folder.resolve("tmp"));
        pidFile = temporary.resolve(".model_server.pid");
        output = folder.resolve("output");
        Files.createDirectory(folder.resolve("store"));
        Files.writeString(folder.resolve("config.properties"), """
                inference_address=http://127.0.0.1:0
                management_address=http://127.0.0.1:0
                metrics_address=http://127.0.0.1:0
                grpc_inference_port=0
                grpc_management_port=0
                model_store=store
                drain_delay=0
                vmargs=-Xmx300m -Dlog4j.configurationFile=none
                """);
    }

    @AfterEach
    void endServer() throws IOException, InterruptedException {
        if (Files.exists(pidFile)) {
            run("--stop", "--foreground");
        }
    }

    @Test
    @Row(88)
    void startsInTheBackgroundAndStops() throws IOException, InterruptedException {
        assertThat(run("--start", "--ts-config", "config.properties", "--ncs", "--disable-token-auth"))
                .isZero();

        ProcessHandle server =
                ProcessHandle.of(Long.parseLong(Files.readString(pidFile))).orElseThrow();
        Client client = new Client();
        URI address = URI.create(awaitMatch(INFERENCE).group(1));
        assertThat(awaitMatch(Pattern.compile("(?m)^Model server started\\.$")).group())
                .isNotEmpty();
        assertThat(client.get(address.resolve("/ping")).body()).contains("Healthy");
        assertThat(server.info().arguments().map(List::of).orElse(List.of())).contains("-Xmx300m");

        assertThat(run("--start", "--ts-config", "config.properties")).isEqualTo(1);
        assertThat(server.isAlive()).isTrue();

        Files.writeString(folder.resolve("key_file.json"), "{}");
        assertThat(run("--stop", "--foreground")).isZero();
        assertThat(server.isAlive()).isFalse();
        assertThat(pidFile).doesNotExist();
        assertThat(folder.resolve("key_file.json")).doesNotExist();
    }

    /** As the first process of a container: the signal reaches the server, which ends in good order. */
    @Test
    @Row(88)
    void handsTheSignalOnInTheForeground() throws IOException, InterruptedException {
        Process launcher = launch("--foreground", "--ts-config", "config.properties", "--ncs", "--disable-token-auth");
        awaitMatch(Pattern.compile("Model server started"));
        ProcessHandle server =
                ProcessHandle.of(Long.parseLong(Files.readString(pidFile))).orElseThrow();
        assertThat(server.pid()).isNotEqualTo(launcher.pid());

        launcher.destroy();

        assertThat(launcher.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(launcher.exitValue()).isZero();
        assertThat(server.isAlive()).isFalse();
        assertThat(pidFile).doesNotExist();
    }

    @Test
    @Row(88)
    void saysWhatIsWrong() throws IOException, InterruptedException {
        assertThat(run("--version")).isZero();
        assertThat(Files.readString(output)).startsWith("TorchServe Version is ");
        Files.delete(folder.resolve("config.properties"));
        assertThat(run("--start")).isEqualTo(1);
        assertThat(Files.readString(output)).contains("Missing mandatory parameter --model-store");
        assertThat(run("--start", "--stop")).isEqualTo(2);
        Files.writeString(pidFile, Long.toString(ProcessHandle.current().pid()));
        assertThat(run("--stop")).isZero();
        assertThat(Files.readString(output)).contains("Removing orphan pid file.");
    }

    private int run(String... flags) throws IOException, InterruptedException {
        Process process = launch(flags);
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private Process launch(String... flags) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Distribution.root().resolve("bin/torchserve").toString());
        command.addAll(List.of(flags));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().put("TMPDIR", temporary.toString());
        builder.environment().put("TEMP", temporary.toString());
        builder.environment().remove("TS_CONFIG_FILE");
        return builder.start();
    }

    /** What the server has written, once it has. */
    private Matcher awaitMatch(Pattern pattern) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < end) {
            Matcher matcher = pattern.matcher(Files.readString(output, UTF_8));
            if (matcher.find()) {
                return matcher;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        throw new AssertionError("no " + pattern + " in " + Files.readString(output, UTF_8));
    }
}
