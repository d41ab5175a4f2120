// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

/** Why bytes of a tensor were copied on their way to an engine, instead of being read where they lie. */
public enum CopyReason {
    /** Rows of several requests were put side by side. */
    MULTI,
    /** They began at an address that is no multiple of the element's size. */
    UNALIGNED,
    /** Their byte order was not the machine's. */
    ENDIAN,
    /** They were on the heap, where native code cannot read them. */
    HEAP,
    /** The body they came in arrived in several pieces. */
    PIECES,
    /** The model may write into what it is given. */
    WRITTEN,
    /** Another process reads them, out of memory it shares with this one. */
    PROCESS
}
