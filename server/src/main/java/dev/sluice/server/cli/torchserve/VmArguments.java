// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import java.util.ArrayList;
import java.util.List;

/**
 * Flags for the virtual machine from the setting {@code vmargs}.
 *
 * <p>Source: torchserve.md section 5.2.
 *
 * @param flags those to be passed on
 * @param ignored those that would configure the original's log
 */
record VmArguments(List<String> flags, List<String> ignored) {
    static VmArguments of(String setting) {
        List<String> flags = new ArrayList<>();
        List<String> ignored = new ArrayList<>();
        for (String flag : setting.strip().split("\\s+", -1)) {
            if (!flag.isEmpty()) {
                (flag.startsWith("-Dlog4j") ? ignored : flags).add(flag);
            }
        }
        return new VmArguments(List.copyOf(flags), List.copyOf(ignored));
    }
}
