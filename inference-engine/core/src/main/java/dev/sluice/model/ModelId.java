// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

/**
 * One version of one model.
 *
 * @param name never empty
 * @param version free text as TorchServe has it ("1.0"); TF Serving's numbers are its decimal form
 */
public record ModelId(String name, String version) {
    public ModelId {
        if (name.isEmpty() || version.isEmpty()) {
            throw new IllegalArgumentException(
                    "model: '" + name + "' version: '" + version + "' (expected: both not empty)");
        }
    }

    @Override
    public String toString() {
        return name + ":" + version;
    }
}
