// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Device;
import java.util.List;

/**
 * What an opened engine says of itself.
 *
 * @param nativeVersion version of the native runtime, asked from it and not from a constant
 * @param devices what it can load models on; the processors are always among them
 * @param acceleration what it found when it looked for graphics cards, for the log: {@code built for processors only}
 */
public record EngineInfo(String id, String nativeVersion, List<Device> devices, String acceleration) {
    public EngineInfo {
        devices = List.copyOf(devices);
        if (!devices.contains(Device.CPU)) {
            throw new IllegalArgumentException("devices: " + devices + " (expected: cpu among them)");
        }
    }

    /** An engine that runs on processors, whatever else the machine has. */
    public static EngineInfo ofProcessors(String id, String nativeVersion) {
        return new EngineInfo(id, nativeVersion, List.of(Device.CPU), "built for processors only");
    }
}
