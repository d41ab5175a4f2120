// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

/** A file that is no tree model, or a damaged one. Stays in this package; whoever asked to load it hears of it in our own terms. */
final class MalformedModelException extends RuntimeException {
    /** @param reason what was found and what was expected, without the file's name */
    MalformedModelException(String reason) {
        super(reason);
    }

    MalformedModelException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
