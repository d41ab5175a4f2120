// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

/**
 * One thing {@link ArchiveReader#verify()} has to say.
 *
 * @param rule short stable name of the rule, for programs
 * @param message one sentence that shows the value and the expectation
 */
public record Finding(Severity severity, String rule, String message) {

    /** How bad a finding is. */
    public enum Severity {
        /** A server will refuse the archive, or its model cannot work. */
        ERROR,
        /** It works, with a default or a warning. */
        WARNING
    }

    static Finding error(String rule, String message) {
        return new Finding(Severity.ERROR, rule, message);
    }

    static Finding warning(String rule, String message) {
        return new Finding(Severity.WARNING, rule, message);
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }
}
