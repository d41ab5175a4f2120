// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.util.Set;

/** What the tests of this package share. */
final class Samples {
    /** Those of a server with every kind of format: ends, whole names, and ends that other files have. */
    static final Capabilities CAPABILITIES = new Capabilities(
            Set.of(".onnx", ".pt", ".pth", ".ptl", ".tflite", ".ubj", ".json", ".txt", "saved_model.pb"),
            Set.of("base_handler", "image_classifier", "composite"));

    private Samples() {}
}
