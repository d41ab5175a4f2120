// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What all Python workers of a server have in common.
 *
 * @param home folder of the Python package that comes with the server
 * @param side whose worker runs models that say nothing of their own
 * @param unixSockets whether to talk over Unix sockets; else over TCP on the loopback address
 * @param socketDirectory where Unix sockets lie; made if it is not there, for this server's user alone. One whose path is too long for a
 *     socket is replaced by a temporary folder
 * @param firstPort number of the first worker, and its port with TCP; later ones count up
 * @param firstDistributionPort the same for workers of several processes
 * @param envelope name of the wrapper around handlers, if there is one
 * @param decodesInput whether workers parse JSON and text before handlers see it
 * @param limitsImagePixels whether handlers refuse very large images
 * @param maxResponseBytes most bytes of one answer, 1 or more
 * @param metricsDefinitions file of the metrics that handlers may use; empty for the original's own
 * @param ipex whether handlers use Intel's extension of PyTorch
 * @param ipexGpu the same on Intel's graphics cards
 * @param cpuLauncherArgs arguments of PyTorch's launcher for processors, if workers start through it
 * @param startsAtOnce most workers of one model that start at the same time, 1 or more
 * @param sharedMemoryBytes how large the memory is that each worker shares with the server, for tensors; 0 for none
 * @param cards most graphics cards to use, those with the lowest numbers
 * @param maxRequests after how many requests a worker is replaced; empty for never
 * @param debug whether no worker is started, and one that listens already, number {@code firstPort}, is used
 */
public record WorkerSettings(
        Path home,
        Side side,
        boolean unixSockets,
        Path socketDirectory,
        int firstPort,
        int firstDistributionPort,
        Optional<String> envelope,
        boolean decodesInput,
        boolean limitsImagePixels,
        int maxResponseBytes,
        Optional<Path> metricsDefinitions,
        boolean ipex,
        boolean ipexGpu,
        Optional<String> cpuLauncherArgs,
        int startsAtOnce,
        long sharedMemoryBytes,
        int cards,
        OptionalInt maxRequests,
        boolean debug) {
    public WorkerSettings {
        require("maxResponseBytes", maxResponseBytes, 1);
        require("startsAtOnce", startsAtOnce, 1);
        require("sharedMemoryBytes", sharedMemoryBytes, 0);
        require("cards", cards, 0);
        maxRequests.ifPresent(most -> require("maxRequests", most, 1));
    }

    private static void require(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + " or more)");
        }
    }
}
