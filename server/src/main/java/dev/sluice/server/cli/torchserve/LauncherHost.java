// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import dev.sluice.server.config.SavedSettings;
import java.util.List;
import java.util.Optional;

/**
 * What the launcher starts servers with.
 *
 * @param program the command that takes {@code serve} and its flags; nothing outside an unpacked distribution
 * @param saved what earlier runs saved of their settings
 */
public record LauncherHost(Optional<List<String>> program, SavedSettings saved) {
    public LauncherHost {
        program = program.map(List::copyOf);
    }
}
