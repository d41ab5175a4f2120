// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Runs the tests that the worker's side has in Python, a file of them at a time. Needs {@code python3} and nothing else. */
class WorkerSideTest {
    private static final Path TESTS = Path.of("src", "test", "python").toAbsolutePath();

    @TempDir
    Path work;

    @TestFactory
    Stream<DynamicTest> passesItsTestsInPython() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(TESTS)) {
            files = all.filter(file -> file.getFileName().toString().matches("test_\\w+\\.py"))
                    .sorted()
                    .toList();
        }
        assertThat(files).isNotEmpty();
        return files.stream().map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> run(file)));
    }

    private void run(Path file) throws IOException, InterruptedException {
        String module = file.getFileName().toString().replace(".py", "");
        Path output = Files.createTempFile(work, module, ".txt");
        ProcessBuilder builder = new ProcessBuilder("python3", "-B", "-m", "unittest", "-v", module);
        Process process = builder.directory(TESTS.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(4, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            fail("%s did not end within 4 minutes:%n%s", module, Files.readString(output));
        }
        String said = Files.readString(output);
        System.out.print(said.lines()
                .filter(line -> line.contains("... skipped"))
                .map(line -> line + System.lineSeparator())
                .reduce("", String::concat));
        assertThat(process.exitValue()).as("%s:%n%s", module, said).isZero();
    }
}
