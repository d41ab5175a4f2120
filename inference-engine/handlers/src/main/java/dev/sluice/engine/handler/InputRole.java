// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokens;
import java.util.function.Function;

/** What a text model's input is, under the name that exported models give it. */
enum InputRole {
    IDS("input_ids", Tokens::ids),
    ATTENTION("attention_mask", Tokens::attention),
    TYPES("token_type_ids", Tokens::types);

    private final String wireName;
    private final Function<Tokens, int[]> part;

    InputRole(String wireName, Function<Tokens, int[]> part) {
        this.wireName = wireName;
        this.part = part;
    }

    String wireName() {
        return wireName;
    }

    int[] of(Tokens tokens) {
        return part.apply(tokens);
    }
}
