// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * How Python handlers are run: which Python, in which kind of process, and within which bounds.
 *
 * @param directory where the installation has its Python package; empty if it has none, and then no Python handler runs
 * @param interpreter a name on the path or a path
 * @param isOriginal whether the worker of the installed {@code ts} package runs, where a model does not choose
 * @param unixSockets whether workers are spoken to over sockets that are files, or over loopback TCP
 * @param startsAtOnce most workers of one model that start at the same time; empty for one per processor
 * @param maxRequests after so many requests a worker is replaced; empty for never
 * @param memoryBytes what one worker may take; empty for what the machine has
 * @param cpus processors one worker may use; empty for all
 * @param sharedMemoryBytes of the memory one worker shares with the server for tensors; 0 for none
 * @param allowedVariables names, and beginnings of names that end in {@code *}, beyond those that workers always get
 * @param hiddenVariables a regular expression of names that workers never get
 * @param user whose rights workers have; empty for the server's
 * @param cacheDirectory where environments of models are kept; empty for the private directory
 * @param installsRequirements whether requirements of archives are installed
 * @param firstPort number of the first worker
 * @param firstDistributionPort number of the first worker that has several processes
 * @param cpuLauncherArguments of PyTorch's launcher for processors; empty if workers are started without it
 * @param limitsImagePixels whether images have Pillow's limit
 */
public record WorkersConfig(
        Optional<Path> directory,
        String interpreter,
        boolean isOriginal,
        boolean unixSockets,
        OptionalInt startsAtOnce,
        OptionalInt maxRequests,
        OptionalLong memoryBytes,
        Optional<Double> cpus,
        long sharedMemoryBytes,
        List<String> allowedVariables,
        Optional<String> hiddenVariables,
        Optional<String> user,
        Optional<Path> cacheDirectory,
        boolean installsRequirements,
        List<String> pipOptions,
        int firstPort,
        int firstDistributionPort,
        boolean ipex,
        boolean ipexGpu,
        Optional<String> cpuLauncherArguments,
        boolean limitsImagePixels,
        boolean debug) {
    private static final int LAST_PORT = 65_535;
    private static final int MOST_STARTS = 1024;
    private static final int MOST_CPUS = 4096;
    private static final long LEAST_MEMORY = 16L << 20;
    private static final long MOST_MEMORY = 1L << 46;
    private static final long MOST_SHARED = 1L << 30;
    private static final String ORIGINAL = "original";

    public WorkersConfig {
        allowedVariables = List.copyOf(allowedVariables);
        pipOptions = List.copyOf(pipOptions);
    }

    static WorkersConfig of(ConfigValues values, Optional<Path> directory) {
        return new WorkersConfig(
                directory,
                values.text(ConfigKey.PYTHON).orElse(ConfigKey.PYTHON.fallback()),
                values.word(ConfigKey.PYTHON_WORKER, "own", ORIGINAL).equals(ORIGINAL),
                values.flag(ConfigKey.USE_NATIVE_IO),
                optional(values, ConfigKey.WORKER_STARTS_AT_ONCE, MOST_STARTS),
                optional(values, ConfigKey.WORKER_MAX_REQUESTS, Integer.MAX_VALUE),
                values.size(ConfigKey.WORKER_MEMORY, LEAST_MEMORY, MOST_MEMORY, ""),
                values.decimal(ConfigKey.WORKER_CPUS, MOST_CPUS),
                values.size(ConfigKey.WORKER_SHARED_MEMORY, 0, MOST_SHARED, "; 0: none")
                        .orElse(0),
                split(values, ConfigKey.WORKER_ENV, "[,\\s]+"),
                values.pattern(ConfigKey.BLACKLIST_ENV_VARS),
                values.text(ConfigKey.WORKER_USER),
                values.path(ConfigKey.PYTHON_CACHE_DIR),
                values.flag(ConfigKey.INSTALL_PY_DEP_PER_MODEL),
                split(values, ConfigKey.PIP_OPTIONS, "\\s+"),
                values.number(ConfigKey.INITIAL_WORKER_PORT, 1, LAST_PORT),
                values.number(ConfigKey.INITIAL_DISTRIBUTION_PORT, 1, LAST_PORT),
                values.flag(ConfigKey.IPEX_ENABLE),
                values.flag(ConfigKey.IPEX_GPU_ENABLE),
                values.flag(ConfigKey.CPU_LAUNCHER_ENABLE)
                        ? Optional.of(values.text(ConfigKey.CPU_LAUNCHER_ARGS).orElse(""))
                        : Optional.empty(),
                values.flag(ConfigKey.LIMIT_MAX_IMAGE_PIXELS),
                values.flag(ConfigKey.DEBUG));
    }

    /** Empty if nobody gave one. */
    private static OptionalInt optional(ConfigValues values, ConfigKey key, int most) {
        return values.text(key).isPresent() ? OptionalInt.of(values.number(key, 1, most)) : OptionalInt.empty();
    }

    private static List<String> split(ConfigValues values, ConfigKey key, String between) {
        return Arrays.stream(values.text(key).orElse("").split(between, -1))
                .filter(Predicate.not(String::isEmpty))
                .toList();
    }
}
