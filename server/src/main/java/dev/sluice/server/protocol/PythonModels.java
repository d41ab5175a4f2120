// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.model.ModelSpec;

/** Tells models whose handler is Python and runs in processes of its own from those that run in this one. */
public final class PythonModels {
    /** What their specifications name as their engine. */
    private static final String ENGINE = "python";

    private PythonModels() {}

    public static boolean isPython(ModelSpec spec) {
        return spec.engine().filter(ENGINE::equals).isPresent();
    }
}
