// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.util.Optional;

/** Paths of the management API. */
final class ModelPath {
    private ModelPath() {}

    static String of(String model, Optional<String> version) {
        String path = "/models/" + ServerClient.segment(model);
        return version.map(it -> path + "/" + ServerClient.segment(it)).orElse(path);
    }
}
