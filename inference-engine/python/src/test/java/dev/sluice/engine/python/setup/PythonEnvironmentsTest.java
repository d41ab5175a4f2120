// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With real interpreters, pip and virtual environments; packages come from wheels that lie in the model. */
class PythonEnvironmentsTest {
    private static final String WHAT_IS_SAID = "import greeting; print(greeting.SAID)";

    @TempDir
    private Path folder;

    private SetupFixture fixture;

    @BeforeEach
    void prepare() {
        fixture = new SetupFixture(folder);
        fixture.wheel("greeting", "1.0", "hello");
        fixture.write("requirements.txt", "greeting==1.0\n");
    }

    private ModelSpec requiring(Map<String, Object> options) {
        return fixture.spec("handler.py", Optional.of("requirements.txt"), options);
    }

    @Test
    void modelWithoutRequirementsRunsWithTheInterpreterAsItIs() {
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            PythonEnvironment environment = environments.prepare(fixture.spec(Map.of()));

            assertThat(environment.interpreter()).isAbsolute().isExecutable();
            assertThat(environment.extraPythonPath()).isEmpty();
            assertThat(environment.workingDirectory()).isEqualTo(fixture.model);
        }
        assertThat(fixture.cached()).isEmpty();
    }

    @Test
    void installsWhatTheModelRequiresBesideIt() {
        ModelSpec spec = requiring(Map.of());
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            PythonEnvironment environment = environments.prepare(spec);

            assertThat(fixture.python(spec, environment, WHAT_IS_SAID)).isEqualTo("hello");
            assertThat(environments.prepare(spec)).isEqualTo(environment);
        }
        assertThat(fixture.model.resolve("greeting.py")).doesNotExist();
    }

    @Test
    void modelsOwnModulesComeBeforeInstalledOnes() {
        fixture.write("greeting.py", "SAID = 'mine'\n");
        ModelSpec spec = requiring(Map.of());
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThat(fixture.python(spec, environments.prepare(spec), "import sys; sys.path.pop(0)\n" + WHAT_IS_SAID))
                    .isEqualTo("mine");
        }
    }

    /** Seen to fail when pip was run with "-m": it took this file for the module of that name. */
    @Test
    void modulesOfTheModelDoNotDisturbPip() {
        fixture.write("json.py", "raise RuntimeError('not the module you think')\n");
        fixture.write("pip.py", "raise RuntimeError('not the module you think')\n");
        fixture.write("runpy.py", "raise RuntimeError('not the module you think')\n");
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThat(environments.prepare(requiring(Map.of())).extraPythonPath()).hasSize(1);
        }
    }

    @Test
    void installsNothingUnlessTheOperatorAllowsIt() {
        fixture.installs = false;
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThat(environments.prepare(requiring(Map.of())).extraPythonPath()).isEmpty();
        }
        assertThat(fixture.cached()).isEmpty();
    }

    @Test
    void virtualEnvironmentFindsItsOwnPackagesAndThoseOfTheInterpreter() {
        ModelSpec spec = requiring(Map.of("useVenv", true));
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            PythonEnvironment environment = environments.prepare(spec);
            PythonEnvironment plain = environments.prepare(fixture.spec(Map.of()));

            assertThat(environment.interpreter()).startsWithRaw(fixture.cache).isExecutable();
            assertThat(environment.extraPythonPath()).isEmpty();
            assertThat(fixture.python(spec, environment, WHAT_IS_SAID)).isEqualTo("hello");
            // pip is one of the interpreter's own packages.
            String where = "import pip, os; print(os.path.dirname(pip.__file__))";
            assertThat(fixture.python(spec, environment, where)).isEqualTo(fixture.python(spec, plain, where));
            assertThat(fixture.python(spec, plain, WHAT_IS_SAID)).contains("No module named 'greeting'");
        }
    }

    @Test
    void virtualEnvironmentIsMadeAlsoWithoutRequirements() {
        ModelSpec spec = fixture.spec(Map.of("useVenv", true));
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            String prefixes = "import sys; print(sys.prefix != sys.base_prefix)";
            assertThat(fixture.python(spec, environments.prepare(spec), prefixes)).isEqualTo("True");
        }
    }

    @Test
    void newWheelOfTheSameNameIsInstalledAnew() {
        ModelSpec spec = requiring(Map.of());
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            PythonEnvironment before = environments.prepare(spec);
            fixture.write("requirements.txt", "--find-links wheels\ngreeting==1.0\n");
            fixture.wheel("greeting", "1.0", "good evening");
            PythonEnvironment after = environments.prepare(spec);

            assertThat(fixture.python(spec, after, WHAT_IS_SAID)).isEqualTo("good evening");
            assertThat(fixture.python(spec, before, WHAT_IS_SAID)).isEqualTo("hello");
        }
    }

    @Test
    void twoModelsThatRequireTheSameShareOneInstallation() throws Exception {
        ModelSpec spec = requiring(Map.of());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            List<Future<PythonEnvironment>> all = Stream.generate(() -> threads.submit(() -> environments.prepare(spec)))
                    .limit(4)
                    .toList();
            for (Future<PythonEnvironment> each : all) {
                assertThat(fixture.python(spec, each.get(120, TimeUnit.SECONDS), WHAT_IS_SAID)).isEqualTo("hello");
            }
            assertThat(fixture.cached()).filteredOn(name -> name.endsWith(".done")).hasSize(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void failedInstallationSaysWhatPipSaidAndLeavesNothing() {
        fixture.write("requirements.txt", "greeting==7.0\n");
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThatThrownBy(() -> environments.prepare(requiring(Map.of())))
                    .isInstanceOfSatisfying(ServingException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.LOAD_FAILED);
                        assertThat(e.safeMessage())
                                .startsWith("Model m:1.0: pip ended with 1;")
                                .contains("No matching distribution found for greeting==7.0")
                                .doesNotContain(folder.toString());
                    });
        }
        assertThat(fixture.cached()).allMatch(name -> name.endsWith(".lock"));
    }

    @Test
    void failedInstallationTakesItsVirtualEnvironmentWithIt() {
        fixture.write("requirements.txt", "greeting==7.0\n");
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThatThrownBy(() -> environments.prepare(requiring(Map.of("useVenv", true))))
                    .hasMessageContaining("No matching distribution");
        }
        assertThat(fixture.cached()).allMatch(name -> name.endsWith(".lock"));
    }

    @Test
    void installationThatTakesTooLongIsEnded() {
        fixture.startupTimeout = Duration.ofMillis(800);
        // The interpreter answers what it is asked, and hangs when it is to install.
        fixture.interpreter = fixture.script(
                        "bin/slow",
                        """
                        case "$2" in
                          *runpy*) sleep 600 ;;
                          *) echo 3.11.0; echo -; echo linux; echo /nowhere ;;
                        esac
                        """)
                .toString();
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThatThrownBy(() -> environments.prepare(requiring(Map.of())))
                    .hasMessageContaining("pip did not end within 1 s, the model's startupTimeout");
        }
        assertThat(fixture.cached()).allMatch(name -> name.endsWith(".lock"));
    }

    @Test
    void refusesRequirementsThatLieElsewhere() throws IOException {
        Files.writeString(folder.resolve("other.txt"), "greeting\n");
        Files.createSymbolicLink(fixture.model.resolve("link.txt"), folder.resolve("other.txt"));
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            for (String name : List.of("../other.txt", "link.txt", "missing.txt", "wheels", "a\0b")) {
                assertThatThrownBy(() -> environments.prepare(fixture.spec("h.py", Optional.of(name), Map.of())))
                        .isInstanceOfSatisfying(
                                ServingException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                        .hasMessage("requirementsFile: " + name + " (expected: a file of the model)");
            }
        }
    }

    @Test
    void hashesAreChecked() {
        fixture.write("requirements.txt", "--require-hashes\ngreeting==1.0 --hash=sha256:" + "0".repeat(64) + "\n");
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThatThrownBy(() -> environments.prepare(requiring(Map.of())))
                    .hasMessageContaining("DO NOT MATCH THE HASHES");
        }
    }

    @Test
    void othersCannotPutTheirPackagesIntoTheCache() throws IOException {
        Files.createDirectories(fixture.cache);
        Files.setPosixFilePermissions(
                fixture.cache, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
        try (PythonEnvironments environments = new PythonEnvironments(fixture.settings())) {
            assertThatThrownBy(() -> environments.prepare(requiring(Map.of())))
                    .hasMessageStartingWith("python_cache_dir: everybody may write to it");
        }
    }
}
