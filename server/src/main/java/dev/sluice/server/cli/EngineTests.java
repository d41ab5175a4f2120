// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.enginepack.install.TrialProcess;
import java.nio.file.Path;
import java.time.Duration;

/** How an installed engine is tested: in a process of its own, which native code may bring down. */
final class EngineTests {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private EngineTests() {}

    /**
     * What the engines of the pack {@code id} answered, a line for each.
     *
     * @throws dev.sluice.inference.ServingException if one did not, or answered something else
     */
    static String run(Console console, Path engines, String id) {
        return new TrialProcess(console.packs().program(), console.temporaryDirectory(), LIMIT)
                .run("engines", TryEngine.NAME, id, "--engines-dir", engines.toString());
    }
}
