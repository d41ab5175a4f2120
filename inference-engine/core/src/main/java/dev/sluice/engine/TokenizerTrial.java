// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;

/**
 * A tiny tokenizer that a pack's own jar carries, and what it must answer: how an installed pack shows that it works on this machine.
 *
 * @param resource name of a {@code tokenizer.json}, absolute, in the class loader of the provider
 * @param expected numbers of the tokens of {@code text}
 */
public record TokenizerTrial(String resource, String text, List<Integer> expected) {
    public TokenizerTrial {
        expected = List.copyOf(expected);
    }
}
