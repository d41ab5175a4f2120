// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sluice handler run}: one request through a handler, without a server. */
class HandlerRunIT {
    @TempDir
    private Path folder;

    private Path input;
    private Path temporary;

    @BeforeEach
    void write() throws IOException {
        input = Files.writeString(folder.resolve("input"), "apple");
        temporary = Files.createDirectory(folder.resolve("tmp"));
    }

    /** How it ended, and what it wrote. */
    private record Ending(int code, String out, String err) {}

    private Ending run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Distribution.root().resolve("bin/sluice").toString(), "handler", "run"));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("TMPDIR", temporary.toString());
        builder.environment().put("TEMP", temporary.toString());
        builder.environment().put("SLUICE_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Ending(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private Path prices() throws IOException {
        return PythonArchives.named("prices")
                .handler("class_handler.py")
                .file("prices.json", "{\"apple\": 3}".getBytes(UTF_8))
                .configuration("handler:\n  currency: EUR\n")
                .mar(folder);
    }

    @Test
    void printsTheAnswerAndLeavesNothing() throws Exception {
        Ending ending = run(prices().toString(), "--input", input.toString());

        assertThat(ending.code()).as(ending.err()).isZero();
        assertThat(Digits.parse(ending.out()).path("price").asInt()).isEqualTo(3);
        assertThat(Digits.parse(ending.out()).path("currency").asText()).isEqualTo("EUR");
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(file -> !String.valueOf(file.getFileName()).startsWith("hsperfdata")))
                    .isEmpty();
        }
    }

    @Test
    void takesAFolderAndAContentType() throws Exception {
        Path archive = PythonArchives.named("probe").handler("probe.py").directory(folder);
        Files.writeString(input, "{\"a\": 1}");
        Ending ending = run(archive.toString(), "--input", input.toString(), "--content-type", "application/json");

        assertThat(ending.code()).as(ending.err()).isZero();
        assertThat(Digits.parse(ending.out()).at("/inputs/body/value/a").asInt())
                .isEqualTo(1);
    }

    @Test
    void showsWhereAHandlerFailed() throws Exception {
        Path archive = PythonArchives.named("failing").source("failing.py", """
                def handle(data, context):
                    if data is None:
                        return None
                    return prepare(data)

                def prepare(data):
                    return [row["no such key"] for row in data]
                """).mar(folder);
        Ending ending = run(archive.toString(), "--input", input.toString());

        assertThat(ending.code()).isEqualTo(1);
        assertThat(ending.err()).contains("KeyError", "no such key", "failing.py", "in prepare");
    }

    @Test
    void saysWhatIsWrongWithWhatItIsGiven() throws Exception {
        Ending noInput =
                run(prices().toString(), "--input", folder.resolve("absent").toString());
        assertThat(noInput.code()).isNotZero();
        assertThat(noInput.err()).contains("absent");

        Path text = Files.writeString(folder.resolve("broken.mar"), "no archive");
        Ending noArchive = run(text.toString(), "--input", input.toString());
        assertThat(noArchive.code()).isNotZero();
        assertThat(noArchive.err()).contains("broken.mar").doesNotContain("\tat dev.sluice");

        Ending noPython = run(prices().toString(), "--input", input.toString(), "--python", "no-such-python");
        assertThat(noPython.code()).isNotZero();
        assertThat(noPython.err()).contains("no-such-python");
    }
}
