// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

/** How one request ended, as its caller saw it. One that never ends is lost, and has no ending. */
public enum Ending {
    /** With an answer. */
    ANSWERED,
    /** Turned away because of load. */
    REFUSED,
    /** Its deadline passed first. */
    EXPIRED,
    /** In any other way. */
    FAILED
}
