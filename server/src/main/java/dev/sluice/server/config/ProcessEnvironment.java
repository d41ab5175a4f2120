// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Map;

/** The variables of this process, for what other tools read from there under names of their own. */
public final class ProcessEnvironment {
    private ProcessEnvironment() {}

    public static Map<String, String> variables() {
        return System.getenv();
    }
}
