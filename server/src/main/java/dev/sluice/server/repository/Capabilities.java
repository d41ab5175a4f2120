// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What this server can run, by name: the store decides by it which files are models, and which models need no Python.
 *
 * @param fileSuffixes what the names of model files end in, as {@link dev.sluice.engine.FileSuffixes} reads it
 * @param handlers names of the built-in handlers
 * @param cure what to do about a file of a given name that no engine runs: a sentence with a blank in front, or nothing
 */
public record Capabilities(Set<String> fileSuffixes, Set<String> handlers, UnaryOperator<String> cure) {
    public Capabilities {
        fileSuffixes = Set.copyOf(fileSuffixes);
        handlers = Set.copyOf(handlers);
    }

    /** Where nothing is known of engines that are not there. */
    public Capabilities(Set<String> fileSuffixes, Set<String> handlers) {
        this(fileSuffixes, handlers, file -> "");
    }
}
