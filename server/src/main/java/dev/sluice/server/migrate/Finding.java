// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

/**
 * One thing that was looked at, and whether it holds here.
 *
 * @param subject a key, an archive or a file
 */
public record Finding(Verdict verdict, String subject, String text) {
    /** How what was found compares. */
    public enum Verdict {
        /** Does the same. */
        EQUAL,
        /** Does the same, and more or more safely. */
        BETTER,
        /** Does something else, which is all right for most. */
        DIFFERENT,
        /** Does not work here. */
        CANNOT
    }
}
