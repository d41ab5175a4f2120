// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import java.util.function.Supplier;

/** The engine pack's class loader as the thread's own: DJL looks there for its engines, and these for their parts. */
final class PackLoader {
    private PackLoader() {}

    static <T> T call(Supplier<T> action) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(PackLoader.class.getClassLoader());
        try {
            return action.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
