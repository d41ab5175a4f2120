// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import dev.sluice.archive.Manifest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {
    private static final List<String> REQUIRED = List.of("--model-name", "m", "--handler", "h", "-v", "1.0");

    @TempDir
    Path work;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void makeInputs() throws IOException {
        write("h.py", "handler");
        write("w.pt", "weights");
        write("model.py", "model");
        write("req.txt", "numpy");
        write("conf.yaml", "minWorkers: 1");
        write("extra/a.txt", "a");
        write("extra/.git/x", "hidden");
        write("native.so", "elf");
        Files.createDirectory(work.resolve("store"));
    }

    private void write(String name, String content) throws IOException {
        Files.createDirectories(work.resolve(name).getParent());
        Files.writeString(work.resolve(name), content);
    }

    private ArchiveEnvironment environment(Optional<String> sourceDateEpoch) {
        return new ArchiveEnvironment(work, sourceDateEpoch, ".so");
    }

    private int archiver(String... args) {
        return TorchModelArchiver.run(
                environment(Optional.empty()), new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    private int archiver(List<String> required, String... more) {
        List<String> args = new ArrayList<>(required);
        args.addAll(List.of(more));
        return archiver(args.toArray(String[]::new));
    }

    private int sluice(String... args) {
        return ArchiveCommand.commandLine(environment(Optional.empty()))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }

    private Manifest.Model model(String archive) {
        return ArchiveReader.of(work.resolve(archive), ArchiveLimits.defaults())
                .manifest()
                .model();
    }

    private List<String> names(String archive) {
        return ArchiveReader.of(work.resolve(archive), ArchiveLimits.defaults()).entries().stream()
                .map(entry -> entry.name())
                .filter(name -> !name.equals(Manifest.LOCATION))
                .toList();
    }

    @Test
    void packsSilently() {
        assertThat(archiver(REQUIRED)).isZero();

        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).isEmpty();
        assertThat(names("m.mar")).containsExactly("h.py");
        assertThat(model("m.mar").handler()).contains("h");
        assertThat(model("m.mar").version()).isEqualTo("1.0");
    }

    @Test
    void takesEveryLongFlag() {
        assertThat(archiver(
                        "--model-name=m",
                        "--handler=h:fn",
                        "--version=2",
                        "--serialized-file=w.pt",
                        "--model-file=model.py",
                        "--extra-files=extra",
                        "--runtime=python3",
                        "--export-path=store",
                        "--archive-format=tgz",
                        "--requirements-file=req.txt",
                        "--config-file=conf.yaml",
                        "--force"))
                .isZero();

        assertThat(names("store/m.tar.gz"))
                .containsExactly("a.txt", "conf.yaml", "h.py", "model.py", "req.txt", "w.pt");
        Manifest.Model model = model("store/m.tar.gz");
        assertThat(model.serializedFile()).contains("w.pt");
        assertThat(model.modelFile()).contains("model.py");
        assertThat(model.requirementsFile()).contains("req.txt");
        assertThat(model.configFile()).contains("conf.yaml");
        assertThat(model.handler()).contains("h:fn");
    }

    @Test
    void takesEveryShortFlag() {
        assertThat(archiver("--model-name", "m", "--handler", "h", "-v", "2", "-r", "req.txt", "-c", "conf.yaml", "-f"))
                .isZero();

        assertThat(names("m.mar")).containsExactly("conf.yaml", "h.py", "req.txt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"default m.mar", "zip-store m.mar", "tgz m.tar.gz", "no-archive m"})
    void writesEveryFormat(String formatAndFile) {
        String[] parts = formatAndFile.split(" ", -1);

        assertThat(archiver(REQUIRED, "--archive-format", parts[0])).isZero();

        assertThat(names(parts[1])).containsExactly("h.py");
    }

    @Test
    void understandsShortenedFlagsAndTheLastOfSeveral() {
        assertThat(archiver(REQUIRED, "--serial", "w.pt", "--handler", "image_classifier"))
                .isZero();

        assertThat(names("m.mar")).containsExactly("w.pt");
    }

    @Test
    void anAtSignBeginsNoArgumentFile() throws IOException {
        write("args", "--force");

        assertThat(archiver(REQUIRED, "@args")).isEqualTo(2);
        assertThat(archiver("--model-name", "m", "--handler", "h", "-v", "@args"))
                .isZero();
        assertThat(model("m.mar").version()).isEqualTo("@args");
    }

    static Stream<Arguments> wrongArguments() {
        return Stream.of(
                Arguments.of("", "--model-name, --handler, -v/--version"),
                Arguments.of("--handler h -v 1", "--model-name"),
                Arguments.of("--model-name m -v 1", "--handler"),
                Arguments.of("--model-name m --handler h", "-v/--version"),
                Arguments.of("--model-name m --handler h -v 1 --runtime ruby", "'ruby' (expected: one of"),
                Arguments.of("--model-name m --handler h -v 1 --runtime PYTHON", "'PYTHON'"),
                Arguments.of("--model-name m --handler h -v 1 --archive-format rar", "'rar' (expected: one of"),
                Arguments.of("--model-name m --handler h -v 1 --nonsense", "--nonsense"),
                Arguments.of("--model-name m --handler h -v 1 stray", "stray"),
                Arguments.of("--model-name m --handler h -v", "--version"),
                Arguments.of("--model m --handler h -v 1", "--model"));
    }

    @ParameterizedTest
    @MethodSource("wrongArguments")
    void endsWithTwoAndUsageOnWrongArguments(String line, String complaint) throws IOException {
        assertThat(archiver(line.isEmpty() ? new String[0] : line.split(" ", -1)))
                .isEqualTo(2);

        assertThat(err.toString()).contains(complaint).contains("Usage: torch-model-archiver");
        assertThat(out.toString()).isEmpty();
        assertThat(work.resolve("m.mar")).doesNotExist();
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of("--model-name a/b --handler h -v 1", "model name: \"a/b\" (expected: ^[A-Za-z0-9]"),
                Arguments.of("--model-name .m --handler h -v 1", "model name"),
                Arguments.of("--model-name m --handler nowhere -v 1", "--handler: \"nowhere.py\""),
                Arguments.of("--model-name m --handler h.py:fn -v 1", "--handler: \"h.py:fn\""),
                Arguments.of("--model-name m --handler h -v 1 --serialized-file no.pt", "--serialized-file: \"no.pt\""),
                Arguments.of("--model-name m --handler h -v 1 --serialized-file .", "--serialized-file: \".\""),
                Arguments.of("--model-name m --handler h -v 1 --model-file no.py", "--model-file"),
                Arguments.of("--model-name m --handler h -v 1 --extra-files no.txt", "--extra-files: \"no.txt\""),
                Arguments.of("--model-name m --handler h -v 1 -r no.txt", "--requirements-file"),
                Arguments.of("--model-name m --handler h -v 1 -c no.yaml", "--config-file"),
                Arguments.of("--model-name m --handler h -v 1 --export-path no/dir", "export path: \"no/dir\""),
                Arguments.of("--model-name m --handler h -v 1 --export-path w.pt", "export path: \"w.pt\""),
                Arguments.of("--model-name m --handler native -v 1", "--handler: \"native.py\""));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void endsWithOneAndOneErrorLine(String line, String complaint) {
        assertThat(archiver(line.split(" ", -1))).isEqualTo(1);

        assertThat(err.toString().lines().filter(text -> text.startsWith("ERROR - ")))
                .singleElement()
                .asString()
                .contains(complaint);
        assertThat(err.toString()).doesNotContain("Exception", "\tat ");
        assertThat(out.toString()).isEmpty();
        assertThat(work.resolve("m.mar")).doesNotExist();
    }

    @Test
    void overwritesOnlyWhenForcedAndSaysSo() {
        assertThat(archiver(REQUIRED)).isZero();
        assertThat(archiver(REQUIRED)).isEqualTo(1);
        assertThat(err.toString()).contains("already exists").contains("--force");

        assertThat(archiver(REQUIRED, "-f", "--extra-files", "w.pt")).isZero();
        assertThat(err.toString()).contains("WARNING - Overwriting");
        assertThat(names("m.mar")).containsExactly("h.py", "w.pt");
    }

    @Test
    void packsNativeHandlers() {
        assertThat(archiver("--model-name", "m", "--handler", "native", "-v", "1", "--runtime", "LSP"))
                .isZero();

        assertThat(names("m.mar")).containsExactly("native.so");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-h", "--help"})
    void helpShowsExitCodesAndExamples(String flag) {
        assertThat(archiver(flag)).isZero();

        assertThat(out.toString())
                .contains("Usage: torch-model-archiver", "Exit codes:", "Examples:", "SOURCE_DATE_EPOCH");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void datesArchivesFromSourceDateEpoch() {
        int code = TorchModelArchiver.run(
                environment(Optional.of("1700000000")),
                new PrintWriter(out),
                new PrintWriter(err),
                REQUIRED.toArray(String[]::new));

        assertThat(code).isZero();
        assertThat(ArchiveReader.of(work.resolve("m.mar"), ArchiveLimits.defaults())
                        .manifest()
                        .createdOn())
                .contains("14/11/2023 22:13:20");
    }

    @ParameterizedTest
    @ValueSource(strings = {"yesterday", "-1", "1.5", "999999999999999999999", "253402300800"})
    void refusesASourceDateThatIsNoTime(String value) {
        int code = TorchModelArchiver.run(
                environment(Optional.of(value)),
                new PrintWriter(out),
                new PrintWriter(err),
                REQUIRED.toArray(String[]::new));

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).startsWith("ERROR - SOURCE_DATE_EPOCH: \"" + value + "\" (expected: ");
    }

    @Test
    void anArchiveIsDatedConstantlyOtherwise() {
        archiver(REQUIRED);

        assertThat(ArchiveReader.of(work.resolve("m.mar"), ArchiveLimits.defaults())
                        .manifest()
                        .createdOn())
                .contains("01/01/1980 00:00:00");
    }

    @Test
    void readsTheEnvironmentItIsGiven() {
        ArchiveEnvironment environment = ArchiveEnvironment.of(Map.of("SOURCE_DATE_EPOCH", "12", "OTHER", "x"));

        assertThat(environment.sourceDateEpoch()).contains("12");
        assertThat(environment.librarySuffix()).startsWith(".");
        assertThat(environment.workingDirectory()).isAbsolute();
        assertThat(ArchiveEnvironment.of(Map.of("SOURCE_DATE_EPOCH", "")).sourceDateEpoch())
                .isEmpty();
    }

    @Test
    void archivePacksWithAndWithoutTheWordCreate() {
        assertThat(sluice(REQUIRED.toArray(String[]::new))).isZero();
        assertThat(sluice("create", "--model-name", "n", "--handler", "h", "-v", "1", "-f"))
                .isZero();

        assertThat(names("m.mar")).isEqualTo(names("n.mar"));
    }

    @Test
    void archiveListsFiles() {
        archiver(REQUIRED, "--serialized-file", "w.pt");

        assertThat(sluice("list", "m.mar")).isZero();

        assertThat(out.toString().lines().map(String::strip)).hasSize(3).contains("7  h.py", "7  w.pt");
    }

    @Test
    void archiveListsAsJson() throws IOException {
        archiver(REQUIRED);

        assertThat(sluice("list", "m.mar", "--json")).isZero();

        JsonNode json = new JsonMapper().readTree(out.toString());
        assertThat(json.at("/archive").asText()).isEqualTo("m.mar");
        assertThat(json.at("/manifest/model/modelName").asText()).isEqualTo("m");
        assertThat(json.at("/files/1/name").asText()).isEqualTo("h.py");
        assertThat(json.at("/files/1/bytes").asInt()).isEqualTo(7);
    }

    @Test
    void archiveExtracts() throws IOException {
        archiver(REQUIRED);

        assertThat(sluice("extract", "m.mar", "unpacked")).isZero();
        assertThat(work.resolve("unpacked/h.py")).hasContent("handler");

        assertThat(sluice("extract", "m.mar", "unpacked")).isEqualTo(1);
        assertThat(err.toString()).contains("ERROR - \"m.mar\": target \"unpacked\" exists already");
    }

    @Test
    void archiveVerifies() throws IOException {
        archiver(REQUIRED);
        assertThat(sluice("verify", "m.mar")).isZero();
        assertThat(out.toString()).isEmpty();

        write("broken.mar", "not a zip");
        assertThat(sluice("verify", "broken.mar")).isEqualTo(1);
        assertThat(out.toString()).startsWith("ERROR structure: ");
        assertThat(err.toString()).startsWith("ERROR - broken.mar has 1 errors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "list",
                "list a b",
                "extract a",
                "verify",
                "--force list m.mar",
                "-f verify m.mar",
                "nonsense"
            })
    void archiveEndsWithTwoOnWrongArguments(String line) {
        assertThat(sluice(line.isEmpty() ? new String[0] : line.split(" ", -1))).isEqualTo(2);
        assertThat(err.toString()).contains("Usage: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "create --help", "list --help", "extract -h", "verify -h"})
    void everyArchiveCommandHasHelp(String line) {
        assertThat(sluice(line.split(" ", -1))).isZero();
        assertThat(out.toString()).contains("Exit codes:", "Example");
    }

    @Test
    void aFailureToReadEndsWithOne() {
        for (String command : List.of("list", "verify")) {
            assertThat(sluice(command, "nowhere.mar")).isEqualTo(1);
        }
        assertThat(err.toString()).contains("ERROR - ");
    }

    @Test
    void mountsBelowAnotherCommand() {
        CommandLine root = new CommandLine(
                        CommandLine.Model.CommandSpec.create().name("sluice"))
                .addSubcommand("archive", ArchiveCommand.commandLine(environment(Optional.empty())))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true));
        List<String> args = new ArrayList<>(List.of("archive"));
        args.addAll(REQUIRED);

        assertThat(root.execute(args.toArray(String[]::new))).isZero();
        assertThat(root.execute("archive", "list", "m.mar")).isZero();
        assertThat(out.toString()).contains("h.py");
        assertThat(root.execute("archive", "--model-name", "m")).isEqualTo(2);
        assertThat(root.execute("archive", "--help")).isZero();
        assertThat(out.toString()).contains("sluice archive verify");
    }
}
