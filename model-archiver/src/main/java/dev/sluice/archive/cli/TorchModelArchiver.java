// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import picocli.CommandLine;

/** The program {@code torch-model-archiver}, with the original's flags and exit codes. */
public final class TorchModelArchiver {
    private TorchModelArchiver() {}

    public static void main(String[] args) {
        Charset charset = Charset.defaultCharset();
        PrintWriter out = new PrintWriter(System.out, true, charset);
        PrintWriter err = new PrintWriter(System.err, true, charset);
        System.exit(run(ArchiveEnvironment.of(System.getenv()), out, err, args));
    }

    /** Runs the program without ending the process. */
    public static int run(ArchiveEnvironment environment, PrintWriter out, PrintWriter err, String... args) {
        return ArchiveCommand.configured(new CommandLine(new CreateCommand(environment)))
                .setCommandName("torch-model-archiver")
                .setOut(out)
                .setErr(err)
                .execute(args);
    }
}
