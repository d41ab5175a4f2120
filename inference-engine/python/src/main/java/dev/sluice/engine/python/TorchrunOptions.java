// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.util.Optional;

/**
 * What a model's configuration says to the launcher of distributed workers.
 *
 * @param nodes machines that take part
 * @param processesPerNode processes on each
 * @param backend by which they find each other
 * @param endpoint where they do
 * @param threads of each process for computing
 */
public record TorchrunOptions(
        int nodes,
        int processesPerNode,
        String backend,
        Optional<String> endpoint,
        Optional<String> masterAddress,
        int masterPort,
        int threads) {}
