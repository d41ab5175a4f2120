// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ServingException;

/**
 * What came of loading a version that a source told of, when it did not work.
 *
 * @param tries how often it was tried
 * @param reason what the last try failed with
 * @param next whether there will be another one
 */
public record LoadFailure(int tries, ServingException reason, Next next) {
    /** What follows a failure. */
    public enum Next {
        /** Another try, after a pause. */
        WAITING,
        /** Another try, now. */
        DUE,
        /** None, until the version goes away and comes back. */
        NONE
    }

    LoadFailure due() {
        return new LoadFailure(tries, reason, Next.DUE);
    }
}
