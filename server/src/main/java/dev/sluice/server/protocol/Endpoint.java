// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import java.util.Set;

/**
 * One row of the route table.
 *
 * @param methods upper-case HTTP methods it takes; any other method on the same path is answered as not allowed
 * @param path template of literal segments, {@code {name}} for one segment, {@code {name}:verb} for one that ends so, and, last,
 *     {@code {name...}} for the rest including none: {@code /predictions/{model}/{version}/{extra...}}. Literals win over names,
 *     and names that end in something over names alone
 * @param open whether everybody may call it, or only those whom {@link AccessControl} lets
 */
public record Endpoint(Plane plane, Set<String> methods, String path, RestHandler handler, boolean open) {
    public Endpoint {
        methods = Set.copyOf(methods);
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path: " + path + " (expected: one that starts with /)");
        }
    }

    /** One that {@link AccessControl} guards. */
    public Endpoint(Plane plane, Set<String> methods, String path, RestHandler handler) {
        this(plane, methods, path, handler, false);
    }
}
