// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterpreterFinderTest {
    @TempDir
    private Path folder;

    private SetupFixture fixture;

    @BeforeEach
    void prepare() {
        fixture = new SetupFixture(folder);
        fixture.variables.put("PATH", fixture.model.resolve("bin") + ":/bin:/usr/bin");
    }

    private PythonInterpreter find() {
        return new InterpreterFinder(fixture.settings()).find();
    }

    private void answers(String name, String version) {
        fixture.script(
                "bin/" + name,
                "echo called >> " + fixture.model + "/calls\necho " + version + "\necho -\necho linux\necho /usr\n");
    }

    @Test
    void takesPython3WhereNothingIsCalledPython() {
        fixture.variables.put("PATH", fixture.model.resolve("bin").toString());
        fixture.interpreter = EnvironmentSettings.ANY_INTERPRETER;
        answers("python3", "3.12.1");

        assertThat(find().program()).isEqualTo(fixture.model.resolve("bin/python3"));
        answers("python", "3.13.0");
        assertThat(find().program()).isEqualTo(fixture.model.resolve("bin/python"));
    }

    @Test
    void asksOnce() throws IOException {
        fixture.interpreter = "python3";
        answers("python3", "3.9.0");
        InterpreterFinder finder = new InterpreterFinder(fixture.settings());

        assertThat(finder.find()).isSameAs(finder.find());
        assertThat(Files.readAllLines(fixture.model.resolve("calls"))).hasSize(1);
    }

    @Test
    void asksAgainAfterAFailure() {
        fixture.interpreter = "python3";
        answers("python3", "3.8.0");
        InterpreterFinder finder = new InterpreterFinder(fixture.settings());
        assertThatThrownBy(finder::find).isInstanceOf(ServingException.class);

        answers("python3", "3.14.0");
        assertThat(finder.find().version()).isEqualTo("3.14.0");
    }

    @ParameterizedTest
    @CsvSource({"3.8.19", "2.7.18", "4.0.0", "nonsense", "3.x.1"})
    void saysWhichVersionItFound(String version) {
        fixture.interpreter = "python3";
        answers("python3", version);

        assertThatThrownBy(this::find)
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOAD_FAILED))
                .hasMessage("python: python3: it is Python " + version
                        + " (expected: Python 3.9 or newer; the setting 'python' takes a name or a path)");
    }

    @Test
    void saysThatThereIsNoneWithoutNamingFolders() {
        fixture.interpreter = folder.resolve("nothing/here/python7").toString();

        assertThatThrownBy(this::find)
                .hasMessageStartingWith("python: python7: there is no such program")
                .hasMessageNotContaining(folder.toString());
    }

    @Test
    void programThatIsNoInterpreterIsRefused() {
        fixture.interpreter = fixture.script("bin/odd", "echo what is -c\nexit 2\n").toString();

        assertThatThrownBy(this::find).hasMessageContaining("it did not say its version: what is -c");
    }

    @Test
    void realOneIsTheInterpreterItself() {
        fixture.variables.put("PATH", System.getenv("PATH"));
        fixture.interpreter = "python3";

        PythonInterpreter found = find();
        assertThat(found.version()).startsWith("3.");
        assertThat(found.program()).isExecutable();
        assertThat(found.identity()).contains(found.version());
    }
}
