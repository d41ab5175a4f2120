// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

/** Who is at the other end of a worker's connection. */
public enum Side {
    /** The worker that comes with the server. */
    OWN,
    /** The worker of the original's package, which the interpreter has to have installed. */
    ORIGINAL
}
