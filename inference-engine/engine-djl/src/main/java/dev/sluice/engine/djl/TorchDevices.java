// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.StandardCapabilities;
import dev.sluice.model.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What libtorch can compute on, and why not on more.
 *
 * @param acceleration what was found, for the log
 */
record TorchDevices(List<Device> found, String acceleration) {
    TorchDevices {
        found = List.copyOf(found);
    }

    /** Whether the libtorch in {@code natives} was built for graphics cards. */
    static boolean isBuiltForCards(Optional<Path> natives) {
        return natives.map(directory -> directory.resolve(System.mapLibraryName("torch_cuda")))
                .filter(Files::isRegularFile)
                .isPresent();
    }

    /** What {@code djl}'s libtorch, which is loaded, finds. */
    static TorchDevices find(ai.djl.engine.Engine djl, boolean builtForCards) {
        if (!builtForCards) {
            return new TorchDevices(List.of(Device.CPU), "built for processors only");
        }
        if (!djl.hasCapability(StandardCapabilities.CUDA)) {
            return new TorchDevices(
                    List.of(Device.CPU),
                    "libtorch is built for CUDA, DJL's binding beside it is not (expected: djl_torch of the same build)");
        }
        int cards = djl.getGpuCount();
        List<Device> devices = new ArrayList<>(List.of(Device.CPU));
        for (int i = 0; i < cards; i++) {
            devices.add(Device.cuda(i));
        }
        return new TorchDevices(
                devices,
                cards > 0
                        ? "built for CUDA, " + cards + " found"
                        : "built for CUDA, but neither a card nor CUDA's runtime library was found (expected: a driver, and"
                                + " libcudart where the system looks for libraries)");
    }
}
