// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where engines lie and how they are opened.
 *
 * @param directory holds one folder per engine, {@code <id>/lib/*.jar} and {@code <id>/native}
 * @param cacheDirectory where engines may keep files from one start to the next
 * @param intraOpThreads threads one call may use; engines.md section 5.3 measured why 1 is the default
 * @param cards most graphics cards that models may use: those with the lowest numbers
 * @param platform of this machine, named as packs name it: {@code linux-x86_64}
 * @param known where the installation describes the packs there are
 */
public record EnginePacksConfig(
        Optional<Path> directory,
        Optional<Path> cacheDirectory,
        int intraOpThreads,
        int cards,
        String platform,
        Optional<Path> known) {
    /** More than any machine has. */
    public static final int ALL_CARDS = 10_000;

    /** With every card there is, in an installation that describes no packs. */
    public EnginePacksConfig(
            Optional<Path> directory, Optional<Path> cacheDirectory, int intraOpThreads, String platform) {
        this(directory, cacheDirectory, intraOpThreads, ALL_CARDS, platform, Optional.empty());
    }
}
