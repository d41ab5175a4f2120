// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import dev.sluice.archive.ArchiveException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** How every command ends: its exit code, and its one {@code ERROR - } line when the code is 1. */
final class Reporting {
    static final String EXIT_CODES_HEADING = "%nExit codes:%n";
    static final String OK = " 0:done";
    static final String FAILED = " 1:refused or failed; one line \"ERROR - ...\" on standard error says why";
    static final String USAGE = " 2:the arguments are wrong";

    private Reporting() {}

    /** The body of a command. */
    interface Action {
        int run();
    }

    static int run(CommandSpec spec, Action action) {
        PrintWriter err = spec.commandLine().getErr();
        try {
            return action.run();
        } catch (ArchiveException e) {
            error(err, e.reason());
            e.remedy().ifPresent(remedy -> err.println("        " + remedy));
            return CommandLine.ExitCode.SOFTWARE;
        } finally {
            err.flush();
            spec.commandLine().getOut().flush();
        }
    }

    /** What is wrong, how it should look, and where to read more: not the whole help, which would hide the first line. */
    static int wrongArguments(ParameterException e, String[] args) {
        CommandLine commandLine = e.getCommandLine();
        PrintWriter err = commandLine.getErr();
        err.println(commandLine.getCommandName() + ": " + oneLine(String.valueOf(e.getMessage())));
        err.print(commandLine.getHelp().synopsisHeading());
        err.print(commandLine.getHelp().synopsis(0));
        err.println("Run it with --help for all flags.");
        err.flush();
        return CommandLine.ExitCode.USAGE;
    }

    static void error(PrintWriter err, String message) {
        err.println("ERROR - " + oneLine(message));
    }

    static void warning(PrintWriter err, String message) {
        err.println("WARNING - " + oneLine(message));
    }

    private static String oneLine(String message) {
        return message.replaceAll("\\R", " ");
    }
}
