// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

/**
 * A setting that was given on the command line.
 *
 * @param name of the flag as it was typed, for people: {@code --model-store}
 */
public record Flag(String key, String value, String name) {}
