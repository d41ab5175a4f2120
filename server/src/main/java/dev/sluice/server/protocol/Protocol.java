// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import java.util.List;

/** One wire protocol over HTTP: a name for metrics, its endpoints, and how it words failures. */
public interface Protocol {
    /** Short lower-case name, such as {@code torchserve}. */
    String name();

    List<Endpoint> endpoints();

    /** Used for whatever goes wrong in one of its endpoints. */
    ErrorMapper errors();
}
