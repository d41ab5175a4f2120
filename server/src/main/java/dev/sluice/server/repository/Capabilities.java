// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What this server can run, by name: the store decides by it which files are models, and which of them need Python.
 *
 * @param fileSuffixes what the names of model files end in, as {@link dev.sluice.engine.FileSuffixes} reads it
 * @param handlers names of the built-in handlers
 * @param cards graphics cards that Python workers can have
 * @param cure what to do about a file of a given name that no engine runs: a sentence with a blank in front, or nothing
 */
public record Capabilities(Set<String> fileSuffixes, Set<String> handlers, int cards, UnaryOperator<String> cure) {
    public Capabilities {
        fileSuffixes = Set.copyOf(fileSuffixes);
        handlers = Set.copyOf(handlers);
    }

    /** Where nothing is known of engines that are not there. */
    public Capabilities(Set<String> fileSuffixes, Set<String> handlers) {
        this(fileSuffixes, handlers, 0, file -> "");
    }

    /** With so many cards for Python workers. */
    public Capabilities withCards(int count) {
        return new Capabilities(fileSuffixes, handlers, count, cure);
    }
}
