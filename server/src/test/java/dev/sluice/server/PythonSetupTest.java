// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.python.Side;
import dev.sluice.engine.python.WorkerSettings;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.MachineMemory;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.repository.WorkDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PythonSetupTest {
    @TempDir
    private Path folder;

    private WorkDirectory work;

    @BeforeEach
    void makeWork() {
        work = WorkDirectory.below(folder);
    }

    @AfterEach
    void deleteWork() {
        work.close();
    }

    @Test
    void tellsTheEngineWhatTheOperatorSays() {
        ServerConfig config = config(Map.of(
                "python_worker", "original",
                "use_native_io", "false",
                "service_envelope", "json",
                "worker_starts_at_once", "3",
                "worker_max_requests", "9",
                "max_response_size", "77",
                "worker_shared_memory", "1m",
                "initial_worker_port", "9100"));

        WorkerSettings settings = PythonSetup.settings(config, folder, work, 2);

        assertThat(settings.home()).isEqualTo(folder);
        assertThat(settings.side()).isEqualTo(Side.ORIGINAL);
        assertThat(settings.unixSockets()).isFalse();
        assertThat(settings.envelope()).hasValue("json");
        assertThat(settings.startsAtOnce()).isEqualTo(3);
        assertThat(settings.maxRequests()).hasValue(9);
        assertThat(settings.maxResponseBytes()).isEqualTo(77);
        assertThat(settings.sharedMemoryBytes()).isEqualTo(1 << 20);
        assertThat(settings.firstPort()).isEqualTo(9100);
        assertThat(settings.cards()).isEqualTo(2);
    }

    /** Seen to fail when the key of TLS could be read by every handler. */
    @Test
    void hidesWhatPassesForACallerOrTheServer() {
        EnvironmentSettings settings = environments(Map.of(
                "key_file", "keys/tokens.json", "private_key_file", "/k/server.pem", "keystore", "/k/store.p12"));

        assertThat(settings.hiddenFiles())
                .startsWith(
                        Path.of("keys/tokens.json").toAbsolutePath(),
                        Path.of("/k/server.pem"),
                        Path.of("/k/store.p12"));
    }

    /** Seen to fail when nothing was hidden of a server without tokens: its variables could be read. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void hidesTheServersProcess() {
        assertThat(environments(Map.of("disable_token_authorization", "true")).hiddenFiles())
                .containsExactly(Path.of("/proc/" + ProcessHandle.current().pid()));
    }

    @Test
    void tellsWorkersTheNamesOfTheHeadersOfSequences() {
        EnvironmentSettings settings = environments(Map.of("ts_header_key_sequence_id", "X-Sequence"));

        assertThat(settings.serverVariables())
                .containsEntry("TS_REQUEST_SEQUENCE_ID", "X-Sequence")
                .containsEntry("TS_REQUEST_SEQUENCE_START", "ts_request_sequence_start")
                .containsEntry("TS_REQUEST_SEQUENCE_END", "ts_request_sequence_end")
                .containsEntry("HOME", "/home/u");
    }

    @Test
    void saysOfAnIncompleteInstallationThatItRunsNoPython() {
        List<String> others = new ArrayList<>();
        ModelLoader loader = new NoPythonLoader(new ModelLoader() {
            @Override
            public void check(ModelSpec spec) {
                others.add(spec.handler());
            }

            @Override
            public LoadedModel load(ModelSpec spec) {
                throw new UnsupportedOperationException();
            }
        });

        loader.check(spec(Optional.empty()));
        assertThat(others).containsExactly("h");
        assertThatThrownBy(() -> loader.check(spec(Optional.of("python"))))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith("handler: h is Python, and this installation has no folder python");
        assertThatThrownBy(() -> loader.load(spec(Optional.of("python")))).isInstanceOf(ServingException.class);
    }

    private static ModelSpec spec(Optional<String> engine) {
        return new ModelSpec(
                new ModelId("m", "1.0"),
                "m.mar",
                new ModelFiles(Path.of("unused"), Optional.empty()),
                engine,
                "h",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                Map.of());
    }

    private EnvironmentSettings environments(Map<String, String> flags) {
        return PythonSetup.environments(config(flags), work, Map.of("HOME", "/home/u"));
    }

    private ServerConfig config(Map<String, String> flags) {
        ConfigSources sources = new ConfigSources(new HashMap<>(flags), Map.of(), Optional.empty(), Optional.empty());
        return ServerConfig.of(
                sources.read().values(),
                new ServerConfig.Surroundings(
                        folder, Optional.empty(), Optional.empty(), "test-os", MachineMemory.ofThisProcess()));
    }
}
