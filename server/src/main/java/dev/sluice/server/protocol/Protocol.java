// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import java.util.List;
import java.util.Set;

/** One wire protocol over HTTP: a name for metrics, its endpoints, and how it words failures. */
public interface Protocol {
    /** Short lower-case name, such as {@code torchserve}. */
    String name();

    List<Endpoint> endpoints();

    /** Those of a listener that serves {@code planes}: the ones of these planes, and what depends on which planes meet there. */
    default List<Endpoint> endpoints(Set<Plane> planes) {
        return endpoints().stream()
                .filter(endpoint -> planes.contains(endpoint.plane()))
                .toList();
    }

    /** Used for whatever goes wrong in one of its endpoints. */
    ErrorMapper errors();
}
