// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerVariablesTest {
    @TempDir
    private Path folder;

    private SetupFixture fixture;

    @BeforeEach
    void prepare() {
        fixture = new SetupFixture(folder);
        fixture.variables.clear();
    }

    private Map<String, String> variables(String handler, Map<String, Object> options, Map<String, String> servers) {
        PythonEnvironment environment =
                new PythonEnvironment(Path.of("/usr/bin/python3"), List.of(Path.of("/cache/packages")), Path.of("/m"));
        return new WorkerVariables(fixture.settings())
                .of(fixture.spec(handler, Optional.empty(), options), environment, servers);
    }

    private Map<String, String> variables() {
        return variables("handler.py", Map.of(), Map.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PATH",
                "HOME",
                "LANG",
                "LC_ALL",
                "TZ",
                "TMPDIR",
                "TEMP",
                "PYTHONHASHSEED",
                "LD_LIBRARY_PATH",
                "CUDA_VISIBLE_DEVICES",
                "NVIDIA_VISIBLE_DEVICES",
                "HIP_VISIBLE_DEVICES",
                "XPU_BACKEND",
                "OMP_NUM_THREADS",
                "MKL_NUM_THREADS",
                "KMP_AFFINITY",
                "HF_HOME",
                "TORCH_HOME",
                "TORCHINDUCTOR_CACHE_DIR",
                "PYTORCH_CUDA_ALLOC_CONF",
                "TRANSFORMERS_CACHE",
                "XDG_CACHE_HOME",
                "https_proxy",
                "NO_PROXY",
                "LOG_LOCATION",
                "METRICS_LOCATION",
                "ENABLE_TORCH_PROFILER",
                "TS_DATA_DIR",
                "TOKENIZERS_PARALLELISM"
            })
    void inheritsWhatProgramsAndLibrariesNeed(String name) {
        fixture.variables.put(name, "value");

        assertThat(variables()).containsEntry(name, "value");
    }

    /** Seen to fail for those that begin as allowed ones do, without the rule for secrets. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "SLUICE_JAVA_OPTS", "DB_PASSWORD",
                        "HF_TOKEN",
                "TS_KEYSTORE_PASS", "TS_PRIVATE_KEY_FILE", "HF_API_KEY", "TORCH_CREDENTIALS", "ts_token",
                        "PIP_INDEX_URL",
                "KUBERNETES_SERVICE_HOST", "JAVA_HOME", "SOMETHING"
            })
    void keepsSecretsAndWhatNobodyNamed(String name) {
        fixture.variables.put(name, "value");

        assertThat(variables()).doesNotContainKey(name);
    }

    @Test
    void operatorAddsNamesAndPatternsSecretsIncluded() {
        fixture.allowed = List.of("HF_TOKEN", "AWS_*", "*_FLAG");
        Map.of(
                        "HF_TOKEN",
                        "1",
                        "AWS_SECRET_ACCESS_KEY",
                        "2",
                        "MY_FLAG",
                        "3",
                        "HF_TOKEN_2",
                        "4",
                        "XAWS_A",
                        "5",
                        "A.B",
                        "6")
                .forEach(fixture.variables::put);

        assertThat(variables()).containsOnlyKeys("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "MY_FLAG", "PYTHONPATH");
    }

    @Test
    void hiddenNamesWinOverAllowedOnesAndMatchAsAWhole() {
        fixture.hidden = Optional.of("HOME|MY_.*");
        fixture.allowed = List.of("MY_*");
        Map.of("HOME", "1", "HOMEWARD", "2", "MY_NAME", "3", "LANG", "4").forEach(fixture.variables::put);

        assertThat(variables()).containsOnlyKeys("LANG", "PYTHONPATH");
    }

    @Test
    void whatTheStartScriptSetForTheServerStaysThere() {
        fixture.variables.put("SLUICE_OWN_VARIABLES", " OMP_NUM_THREADS OMP_WAIT_POLICY ");
        fixture.allowed = List.of("*");
        Map.of("OMP_NUM_THREADS", "1", "OMP_WAIT_POLICY", "PASSIVE", "OMP_PROC_BIND", "true")
                .forEach(fixture.variables::put);

        assertThat(variables()).containsOnlyKeys("OMP_PROC_BIND", "PYTHONPATH");
    }

    @Test
    void modelsOwnComeAfterTheServersVariablesAndBeforeWhatWorkersAreTold() {
        fixture.variables.put("LANG", "C");
        Map<String, Object> environment = Map.of("LANG", "de_DE.UTF-8", "RETRIES", 3, "TS_DECODE", "mine");
        Map<String, String> all = variables(
                "handler.py",
                Map.of("sluice", Map.of("worker", Map.of("environment", environment))),
                Map.of("TS_DECODE", "servers"));

        assertThat(all)
                .containsEntry("LANG", "de_DE.UTF-8")
                .containsEntry("RETRIES", "3")
                .containsEntry("TS_DECODE", "servers");
    }

    @Test
    void modulesAreFoundInTheOriginalsOrder() {
        fixture.variables.put("PYTHONPATH", "/given::/more");

        assertThat(variables("src/deep/handler.py:entry", Map.of(), Map.of()))
                .containsEntry("PYTHONPATH", "/m/src/deep:/given:/more:/m:/cache/packages");
        fixture.variables.clear();
        assertThat(variables()).containsEntry("PYTHONPATH", "/m:/cache/packages");
    }

    @ParameterizedTest
    @ValueSource(strings = {"A-B", "1A", "A B", "", "A=B"})
    void refusesNamesThatAreNone(String name) {
        assertThatThrownBy(() -> variables(
                        "h.py", Map.of("sluice", Map.of("worker", Map.of("environment", Map.of(name, "x")))), Map.of()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage("sluice.worker.environment: " + name + " (expected: names of letters, digits and _)");
    }

    /** They would run a model's library before its worker has given up the server's rights. */
    @ParameterizedTest
    @ValueSource(strings = {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "GCONV_PATH"})
    void refusesNamesThatLoadCodeTooEarly(String name) {
        assertThatThrownBy(() -> variables(
                        "h.py", Map.of("sluice", Map.of("worker", Map.of("environment", Map.of(name, "x")))), Map.of()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageContaining(name);
    }

    @Test
    void refusesValuesThatAreNone() {
        for (Object environment : List.of("text", Map.of("A", Map.of()), Map.of("A", List.of(1)), Map.of("A", "\0"))) {
            assertThatThrownBy(() -> variables(
                            "h.py", Map.of("sluice", Map.of("worker", Map.of("environment", environment))), Map.of()))
                    .hasMessageStartingWith("sluice.worker.environment");
        }
    }

    @Test
    void refusesAPatternThatIsNone() {
        fixture.hidden = Optional.of("(");

        assertThatThrownBy(() -> fixture.settings())
                .hasMessage("blacklist_env_vars: ( (expected: a regular expression)");
    }
}
