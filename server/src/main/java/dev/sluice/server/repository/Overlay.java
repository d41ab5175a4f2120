// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.util.HashMap;
import java.util.Map;

/** One tree of settings laid over another. */
final class Overlay {
    private Overlay() {}

    /** All of {@code upper}, and of {@code lower} what that does not say; mappings are laid over each other key by key. */
    static Map<String, Object> of(Map<String, Object> upper, Map<String, Object> lower) {
        Map<String, Object> both = new HashMap<>(lower);
        upper.forEach((key, value) -> both.merge(key, value, (below, above) -> laid(above, below)));
        return both;
    }

    private static Object laid(Object above, Object below) {
        if (!(above instanceof Map<?, ?> upper) || !(below instanceof Map<?, ?> lower)) {
            return above;
        }
        Map<Object, Object> both = new HashMap<>(lower);
        upper.forEach((key, value) -> both.merge(key, value, (under, over) -> laid(over, under)));
        return both;
    }
}
