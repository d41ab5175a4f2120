// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.LogsConfig;
import dev.sluice.server.config.ServerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, String> environment = new HashMap<>();

    @Test
    void saysWhereEachSettingComesFrom() throws IOException {
        Files.writeString(folder.resolve("config.properties"), "\njob_queue_size=5\nkeystore_pass=secret\nio_ratio=60");
        environment.put("SLUICE_MAX_REQUEST_SIZE", "9");

        assertThat(run("config", "explain", "--set", "job_queue_size=6", "--enable-model-api"))
                .isZero();

        assertThat(out.toString().lines().map(line -> line.replaceAll(" {2,}", "|")))
                .containsExactly(
                        "KEY|VALUE|ORIGIN|EFFECT",
                        "max_request_size|9|variable SLUICE_MAX_REQUEST_SIZE|largest request body in bytes",
                        "job_queue_size|6|--set|requests that may wait for one model version",
                        "|5|also config.properties:2|ignored: --set goes before it",
                        "enable_model_api|true|--enable-model-api|" + ConfigKey.ENABLE_MODEL_API.effect(),
                        "keystore_pass|***|config.properties:3|password of that store",
                        "io_ratio|60|config.properties:4|nothing: event loops see to it themselves");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void showsDefaultsOfWhatItIsAskedFor() {
        assertThat(run("config", "explain", "job_queue_size")).isZero();
        assertThat(out.toString()).contains("job_queue_size  100    default");
        assertThat(run("config", "explain", "--all")).isZero();
        assertThat(out.toString().lines()).hasSizeGreaterThan(ConfigKey.values().length);
    }

    /** Seen to fail when it stops at the first. */
    @Test
    void listsEverythingThatKeepsAServerFromStarting() throws IOException {
        Path file = Files.writeString(folder.resolve("c"), "job_queue_size=x\nmodel_store=$$NOBODY$$\nmodels={");

        assertThat(run("config", "explain", "-f", file.toString(), "--set", "quue=1", "no_key"))
                .isEqualTo(SluiceCli.USAGE);

        assertThat(err.toString().lines())
                .anySatisfy(line -> assertThat(line).startsWith("error: job_queue_size: x"))
                .anySatisfy(line -> assertThat(line).startsWith("error: model_store: $$NOBODY$$ (expected"))
                .anySatisfy(line -> assertThat(line).startsWith("error: models: {"))
                .anySatisfy(line -> assertThat(line).startsWith("error: unknown configuration key: quue"))
                .anySatisfy(line -> assertThat(line).startsWith("error: no such key: no_key"));
    }

    @Test
    void listsEveryKey() {
        assertThat(run("config", "keys")).isZero();
        assertThat(out.toString().lines()).hasSize(ConfigKey.values().length + 1);
        assertThat(out.toString()).contains("TS_TOKEN_EXPIRATION_TIME_MIN").contains("nothing: plugins are not loaded");
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                InputStream.nullInputStream(),
                false,
                environment,
                folder,
                folder,
                Optional.empty(),
                Optional.empty(),
                new PackHost(Optional.empty(), folder, "test-os", List.of("false")),
                InstantSource.system(),
                "1.2.3");
        return SluiceCli.create(console, new NoServer()).execute(arguments);
    }

    private static final class NoServer implements ServerLauncher {
        @Override
        public RunningServer start(ServerConfig config) {
            throw new ServingException(ErrorCode.INTERNAL, "nothing is to be started");
        }

        @Override
        public void configureLog(LogsConfig config, Optional<Path> file) {}
    }
}
