// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.util.List;
import java.util.OptionalInt;

/**
 * Where the instances of a model run, and how wide.
 *
 * @param wanted devices to use, in the order in which instances are dealt to them; an engine without any of them runs on the
 *     processors. Empty to use every graphics card there is
 * @param threads threads one call may use on processors; empty for the server's default
 */
public record Placement(List<Device> wanted, OptionalInt threads) {
    /** Cards if there are any, and the server's number of threads. */
    public static final Placement DEFAULT = new Placement(List.of(), OptionalInt.empty());

    public Placement {
        wanted = List.copyOf(wanted);
        if (threads.isPresent() && threads.getAsInt() < 1) {
            throw new IllegalArgumentException("threads: " + threads.getAsInt() + " (expected: 1 or more)");
        }
    }

    /** Those of {@code found} to use, in the order of {@link #wanted}; never empty. */
    public List<Device> among(List<Device> found) {
        List<Device> chosen = wanted.isEmpty()
                ? found.stream()
                        .filter(device -> device.kind() != Device.Kind.CPU)
                        .toList()
                : wanted.stream().filter(found::contains).toList();
        return chosen.isEmpty() ? List.of(Device.CPU) : chosen;
    }
}
