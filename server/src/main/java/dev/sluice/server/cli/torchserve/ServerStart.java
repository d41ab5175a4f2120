// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.cli.Console;
import dev.sluice.server.cli.ServeOptions;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ConfigSurvey;
import dev.sluice.server.config.ConfigValues;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What starts a server: the command and its variables, checked as far as that is possible without one.
 *
 * <p>A server that runs on its own tells what is wrong in a log nobody may look at; so all that can be known is told here.
 */
final class ServerStart {
    private static final String MISSING_STORE = "Missing mandatory parameter --model-store";
    private static final String JAVA_OPTIONS = "SLUICE_JAVA_OPTS";

    /** Log4j2's root element; logback's begins with a small letter. */
    private final Console console;

    private final LauncherHost host;
    private final LauncherOptions options;

    ServerStart(Console console, LauncherHost host, LauncherOptions options) {
        this.console = console;
        this.host = host;
        this.options = options;
    }

    /**
     * The server's process, not started yet; it writes where this process writes.
     *
     * @throws ServingException {@code INVALID_INPUT} with all that is wrong, one line each
     */
    ProcessBuilder prepare() {
        List<String> words = options.forServer();
        ConfigSurvey survey =
                ServeOptions.parse(words).sources(console, host.saved()).survey();
        List<String> problems = new ArrayList<>(survey.problems());
        ConfigValues values = survey.values();
        if (problems.isEmpty() && values.text(ConfigKey.MODEL_STORE).isEmpty()) {
            throw refusal(MISSING_STORE);
        }
        problems.addAll(ServeOptions.problems(console, values));
        check(options.logConfig(), "--log-config", Files::isRegularFile, "a file", problems);
        check(options.cppLogConfig(), "--cpp-log-config", Files::isRegularFile, "a file", problems);
        check(options.workflowStore(), "--workflow-store", Files::isDirectory, "a directory", problems);
        if (!problems.isEmpty()) {
            throw refusal(String.join(System.lineSeparator(), problems));
        }
        List<String> command = new ArrayList<>(host.program()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.FAILED_PRECONDITION,
                        "this is not an unpacked distribution (expected: bin/sluice beside the command)")));
        command.add("serve");
        command.addAll(words);
        options.logConfig().ifPresent(file -> command.addAll(List.of("--log-config", file)));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(console.workingDirectory().toFile())
                .inheritIO()
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        addVmArguments(builder.environment(), values);
        return builder;
    }

    private void addVmArguments(Map<String, String> environment, ConfigValues values) {
        VmArguments arguments = VmArguments.of(values.text(ConfigKey.VMARGS).orElse(""));
        arguments
                .ignored()
                .forEach(flag -> console.out().println("vmargs: " + flag + " is ignored: the log is not log4j2's"));
        if (!arguments.flags().isEmpty()) {
            List<String> all = new ArrayList<>(arguments.flags());
            // Last, and so before the file's.
            Optional.ofNullable(console.environment().get(JAVA_OPTIONS)).ifPresent(all::add);
            environment.put(JAVA_OPTIONS, String.join(" ", all));
        }
        environment.remove("SLUICE_PROGRAM");
    }

    private void check(
            Optional<String> given, String flag, Predicate<Path> isThere, String kind, List<String> problems) {
        given.filter(name -> !isThere.test(resolved(name)))
                .ifPresent(name -> problems.add(flag + ": " + name + " (expected: " + kind + " that exists)"));
    }

    private Path resolved(String name) {
        return console.workingDirectory().resolve(name);
    }

    private static ServingException refusal(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
