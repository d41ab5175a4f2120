// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * When the server calls itself ready.
 *
 * @param allRequired whether every model it starts with has to be ready
 * @param required names of the models that have to be, when not all
 * @param failFast whether the server ends when a model it starts with does not load
 */
public record ReadinessConfig(boolean allRequired, List<String> required, boolean failFast) {
    public ReadinessConfig {
        required = List.copyOf(required);
    }

    static ReadinessConfig of(ConfigValues values) {
        String wanted = values.text(ConfigKey.REQUIRED_MODELS).orElse("none");
        boolean all = wanted.equalsIgnoreCase("all");
        List<String> names = all || wanted.equalsIgnoreCase("none")
                ? List.of()
                : Arrays.stream(wanted.split(",", -1))
                        .map(String::strip)
                        .filter(Predicate.not(String::isEmpty))
                        .toList();
        return new ReadinessConfig(all, names, values.flag(ConfigKey.FAIL_FAST));
    }
}
