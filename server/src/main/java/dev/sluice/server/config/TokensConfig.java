// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Whether and how callers prove that they may call.
 *
 * @param disabled whether the operator has said that no tokens are wanted
 * @param keyFile where the tokens are written; relative to the directory the server was started in
 * @param lifetime after which a token no longer holds
 * @param standardStatus whether a missing token gets 401 and one that does not hold 403, not the original's 400
 * @param guardsMetrics whether the metrics want a token, too
 */
public record TokensConfig(
        boolean disabled, Path keyFile, Duration lifetime, boolean standardStatus, boolean guardsMetrics) {
    static TokensConfig of(ConfigValues values) {
        return new TokensConfig(
                values.flag(ConfigKey.DISABLE_TOKEN_AUTHORIZATION),
                values.path(ConfigKey.KEY_FILE).orElseThrow(() -> values.missing(ConfigKey.KEY_FILE, "a file")),
                values.minutes(ConfigKey.TOKEN_EXPIRATION_MIN),
                values.flag(ConfigKey.STANDARD_AUTH_STATUS),
                values.flag(ConfigKey.METRICS_TOKEN));
    }
}
