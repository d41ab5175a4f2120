// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What the operator says about the surroundings of all Python workers.
 *
 * @param interpreter path of one, or its name on the server's {@code PATH}; {@link #ANY_INTERPRETER} for {@code python} or, where there
 *     is none, {@code python3}
 * @param installsRequirements whether what a model requires is installed for it
 * @param cacheDirectory where installed packages are kept, also for later runs; made when needed
 * @param pipOptions added to each call of pip's {@code install}
 * @param serverVariables all variables of this process
 * @param allowedVariables those that workers inherit besides the ones they always do: names, in which {@code *} stands for anything
 * @param hiddenPattern of names that workers do not inherit, a regular expression for the whole name
 * @param hiddenFiles that workers cannot read
 * @param user that workers run as; empty for the server's own
 * @param memoryBytes most memory of one worker
 * @param cpus most processors of one worker
 */
public record EnvironmentSettings(
        String interpreter,
        boolean installsRequirements,
        Path cacheDirectory,
        List<String> pipOptions,
        Map<String, String> serverVariables,
        List<String> allowedVariables,
        Optional<String> hiddenPattern,
        List<Path> hiddenFiles,
        Optional<String> user,
        OptionalLong memoryBytes,
        Optional<Double> cpus) {
    /** The interpreter where the operator names none. */
    public static final String ANY_INTERPRETER = "python";

    /** @throws ServingException {@code INVALID_INPUT} if a value cannot be used */
    public EnvironmentSettings {
        pipOptions = List.copyOf(pipOptions);
        serverVariables = Map.copyOf(serverVariables);
        allowedVariables = List.copyOf(allowedVariables);
        hiddenFiles = List.copyOf(hiddenFiles);
        require(!interpreter.isBlank(), "python", interpreter, "a program's name or path");
        require(hiddenPattern.map(EnvironmentSettings::isPattern).orElse(true), "blacklist_env_vars", hiddenPattern.orElse(""), "a regular expression");
        require(memoryBytes.orElse(1) > 0, "worker_memory", String.valueOf(memoryBytes.orElse(0)), "1 byte or more");
        require(cpus.orElse(1.0) > 0, "worker_cpus", String.valueOf(cpus.orElse(0.0)), "more than 0");
    }

    private static boolean isPattern(String text) {
        try {
            Pattern unused = Pattern.compile(text);
            return true;
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    private static void require(boolean isRight, String key, String value, String expected) {
        if (!isRight) {
            throw new ServingException(ErrorCode.INVALID_INPUT, key + ": " + value + " (expected: " + expected + ")");
        }
    }
}
