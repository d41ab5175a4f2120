// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Optional;

/** Headers for browsers, sent as they are with every response; each is left out if empty. */
public record CorsConfig(Optional<String> origin, Optional<String> methods, Optional<String> headers) {
    static CorsConfig of(ConfigValues values) {
        return new CorsConfig(
                values.text(ConfigKey.CORS_ALLOWED_ORIGIN),
                values.text(ConfigKey.CORS_ALLOWED_METHODS),
                values.text(ConfigKey.CORS_ALLOWED_HEADERS));
    }
}
