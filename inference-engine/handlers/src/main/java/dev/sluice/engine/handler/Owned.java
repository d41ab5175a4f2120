// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Makes several rows of which none is lost when one cannot be made. */
final class Owned {
    private Owned() {}

    /** What {@code maker} makes of 0 to {@code count - 1}; if it throws, what it made before is released. */
    static List<Rows> collect(int count, IntFunction<Rows> maker) {
        List<Rows> made = new ArrayList<>(count);
        try {
            for (int i = 0; i < count; i++) {
                made.add(maker.apply(i));
            }
            return made;
        } catch (RuntimeException | Error e) {
            made.forEach(Rows::release);
            throw e;
        }
    }
}
