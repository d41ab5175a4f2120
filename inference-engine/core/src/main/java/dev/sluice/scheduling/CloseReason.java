// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/** Why a batch did not wait for more requests. */
public enum CloseReason {
    /** It had as many rows as it may. */
    FULL,
    /** Its requests had waited for an instance already. */
    BUSY,
    /** One of its requests would have missed its deadline. */
    DEADLINE,
    /** Its time was over, or it was given none. */
    WINDOW
}
