// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;

/**
 * One value as it was given, and where.
 *
 * @param origin for people: {@code config.properties:3}, {@code --set}, {@code variable SLUICE_MODEL_STORE}
 */
public record Setting(ConfigKey key, String value, String origin) {
    /** The value cannot be used: {@code job_queue_size: many (expected: a whole number; from config.properties)}. */
    ServingException refused(String expected) {
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                key.key() + ": " + (key.isSecret() ? "***" : value) + " (expected: " + expected + "; from " + origin
                        + ")");
    }
}
