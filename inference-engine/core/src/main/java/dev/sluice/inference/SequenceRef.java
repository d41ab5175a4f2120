// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

/**
 * The sequence a request belongs to: requests of one run one after the other, in the order they came, and may share a state.
 *
 * @param id chosen by the caller, never empty
 * @param starts whether what came before under this id is to be forgotten
 * @param ends whether nothing more will come under this id
 */
public record SequenceRef(String id, boolean starts, boolean ends) {
    public SequenceRef {
        if (id.isEmpty()) {
            throw new IllegalArgumentException("sequence id: '' (expected: not empty)");
        }
    }
}
