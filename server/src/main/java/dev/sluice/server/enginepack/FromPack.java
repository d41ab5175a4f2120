// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import java.io.InputStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What came out of a pack: it works with the pack's class loader as the thread's own, because libraries such as DJL look for their parts there. */
interface FromPack {
    ClassLoader loader();

    /** A file among the pack's own, by its absolute name. */
    default @Nullable InputStream resource(String name) {
        return loader().getResourceAsStream(name.substring(1));
    }

    /** What {@code action} gives, run with the pack's loader. */
    default <T> T inPack(Supplier<T> action) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader());
        try {
            return action.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
