// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.util.Set;

/**
 * What this server can run, by name: the store decides by it which files are models, and which models need no Python.
 *
 * @param fileSuffixes what the names of model files end in, as {@link dev.sluice.engine.FileSuffixes} reads it
 * @param handlers names of the built-in handlers
 */
public record Capabilities(Set<String> fileSuffixes, Set<String> handlers) {
    public Capabilities {
        fileSuffixes = Set.copyOf(fileSuffixes);
        handlers = Set.copyOf(handlers);
    }
}
