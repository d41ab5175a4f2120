// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.cli.HandlerRunner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program it starts writes down what it was given, instead of running a handler. */
class HandlerTrialTest {
    private static final String PROGRAM =
            """
            import json, os, sys
            with open(os.environ["TS_NOTES"], "w") as notes:
                json.dump(sys.argv[1:], notes)
                notes.write("\\n" + os.getcwd() + "\\n" + os.environ["SLUICE_MODEL_CONFIG"] + "\\n")
                notes.write(str(os.path.exists("handler.py")) + " " + str("DB_PASSWORD" in os.environ))
            sys.exit(int(os.environ.get("TS_CODE", "0")))
            """;

    @TempDir
    private Path folder;

    private Path temporary;
    private Path notes;
    private final Map<String, String> variables = new HashMap<>(System.getenv());

    @BeforeEach
    void prepare() throws IOException {
        temporary = Files.createDirectories(folder.resolve("tmp"));
        notes = folder.resolve("notes");
        Path program = Files.createDirectories(folder.resolve("python/sluice_worker")).resolve("__main__.py");
        Files.writeString(program, PROGRAM);
        variables.put("TS_NOTES", notes.toString());
        variables.put("DB_PASSWORD", "x");
    }

    private Path archive(String manifest) throws IOException {
        Path file = folder.resolve("m.mar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            entry(zip, "handler.py", "");
            entry(zip, "config.yaml", "handler:\n  size: 3\n");
            entry(zip, "requirements.txt", "surely-not-there==1\n");
            entry(zip, "MAR-INF/MANIFEST.json", manifest);
        }
        return file;
    }

    private static void entry(ZipOutputStream zip, String name, String content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
    }

    private static final String MANIFEST =
            """
            {"model": {"modelName": "m", "modelVersion": "2", "handler": "handler.py:go", "configFile": "config.yaml",
             "requirementsFile": "requirements.txt"}}
            """;

    private int run(Path model, boolean installs, Optional<String> more) {
        variables.put("PIP_NO_INDEX", "1");
        return new HandlerTrial(Optional.of(folder.resolve("python")), temporary, variables)
                .run(new HandlerRunner.Trial(
                        model,
                        folder.resolve("body.json"),
                        more,
                        more,
                        Optional.empty(),
                        "python3",
                        more.isPresent() ? OptionalInt.of(1) : OptionalInt.empty(),
                        more,
                        installs,
                        Optional.empty()));
    }

    private List<Path> left() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            return files.toList();
        }
    }

    @Test
    void runsTheUnpackedArchiveAndDeletesIt() throws IOException {
        assertThat(run(archive(MANIFEST), false, Optional.empty())).isZero();

        List<String> lines = Files.readAllLines(notes);
        assertThat(lines.get(0))
                .startsWith("[\"run\", \"--model-dir\", \"" + temporary)
                .endsWith("\"--model-name\", \"m\", \"--input\", \"" + folder.resolve("body.json")
                        + "\", \"--handler\", \"handler.py:go\"]");
        assertThat(lines.get(1)).startsWith(temporary.toRealPath().toString());
        assertThat(lines.get(2)).isEqualTo("{\"handler\":{\"size\":3}}");
        assertThat(lines.get(3)).isEqualTo("True False");
        assertThat(left()).isEmpty();
    }

    @Test
    void handsOnWhatIsAskedFor() throws IOException {
        run(archive(MANIFEST), false, Optional.of("word"));

        assertThat(Files.readAllLines(notes).get(0))
                .endsWith("\"--content-type\", \"word\", \"--name\", \"word\", \"--gpu-id\", \"1\", \"--debugpy\", \"word\"]");
    }

    @Test
    void exitCodeIsThatOfTheRun() throws IOException {
        variables.put("TS_CODE", "7");

        assertThat(run(archive(MANIFEST), false, Optional.empty())).isEqualTo(7);
        assertThat(left()).isEmpty();
    }

    @Test
    void folderIsUsedWhereItLies() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("handler.py"), "");

        assertThat(run(model, false, Optional.empty())).isZero();
        assertThat(Files.readAllLines(notes).get(1)).isEqualTo(model.toRealPath().toString());
        assertThat(model.resolve("handler.py")).exists();
    }

    @Test
    void installsRequirementsOnlyIfAsked() throws IOException {
        Path archive = archive(MANIFEST);

        assertThatThrownBy(() -> run(archive, true, Optional.empty()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOAD_FAILED))
                .hasMessageContaining("surely-not-there");
        assertThat(left()).isEmpty();
    }

    @Test
    void refusesWhatIsNoArchive() throws IOException {
        Path file = Files.writeString(folder.resolve("broken.mar"), "no zip at all");

        assertThatThrownBy(() -> run(file, false, Optional.empty()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageContaining("broken.mar");
        assertThat(left()).isEmpty();
    }

    @Test
    void refusesAConfigurationThatIsNone() throws IOException {
        Path missing = archive(MANIFEST.replace("config.yaml", "other.yaml"));
        assertThatThrownBy(() -> run(missing, false, Optional.empty()))
                .hasMessage("configFile: other.yaml (expected: a file of the model)");

        Path outside = archive(MANIFEST.replace("config.yaml", "../.."));
        assertThatThrownBy(() -> run(outside, false, Optional.empty()))
                .hasMessage("configFile: ../.. (expected: a file of the model)");
    }

    @Test
    void installationWithoutPythonSaysSo() {
        assertThatThrownBy(() -> new HandlerTrial(Optional.empty(), temporary, variables)
                        .run(new HandlerRunner.Trial(
                                folder,
                                folder,
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                "python3",
                                OptionalInt.empty(),
                                Optional.empty(),
                                false,
                                Optional.empty())))
                .hasMessageStartingWith("what runs Python handlers is not part of this installation");
    }
}
