// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a model's file says, once it has been read and found whole.
 *
 * @param features how many numbers a row has
 * @param names of the features; empty if the file has none
 * @param scorer empty if only the library itself can run it
 * @param copy the model once more for the library, written from what was read; empty if the library loaded here has no words for it
 * @param unknown what the Java scorer does not know about it; empty if nothing
 */
record ModelFile(
        Library library,
        int features,
        List<String> names,
        Optional<Scorer> scorer,
        Optional<Supplier<byte[]>> copy,
        String unknown,
        SplitPoints splits) {
    ModelFile {
        names = List.copyOf(names);
    }
}
