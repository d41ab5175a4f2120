// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What engine packs are filled and tried with.
 *
 * @param known where the installation describes its packs
 * @param localRepository the user's Maven repository, there or not
 * @param platform of this machine, named as packs name it
 * @param program the words that run this program in a process of its own; a verb follows
 */
public record PackHost(Optional<Path> known, Path localRepository, String platform, List<String> program) {
    public PackHost {
        program = List.copyOf(program);
    }
}
