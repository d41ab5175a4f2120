// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Optional;

/** A value in a file, and the line it begins on where that is known. */
record FileValue(String value, Optional<Integer> line) {
    /** Where it stands: {@code config.properties:3}. */
    String origin(String file) {
        return line.map(number -> file + ":" + number).orElse(file);
    }
}
