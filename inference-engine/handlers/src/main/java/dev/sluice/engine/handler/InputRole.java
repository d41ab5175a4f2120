// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokens;
import java.util.Arrays;
import java.util.Optional;

/** What a text model's input is, under the name that exported models give it. */
enum InputRole {
    IDS("input_ids"),
    ATTENTION("attention_mask"),
    TYPES("token_type_ids");

    private final String wireName;

    InputRole(String wireName) {
        this.wireName = wireName;
    }

    String wireName() {
        return wireName;
    }

    /** The one of that name. */
    static Optional<InputRole> named(String name) {
        return Arrays.stream(values())
                .filter(role -> role.wireName.equals(name))
                .findFirst();
    }

    /** Its part of a text's tokens. */
    int[] of(Tokens tokens) {
        return switch (this) {
            case IDS -> tokens.ids();
            case ATTENTION -> tokens.attention();
            case TYPES -> tokens.types();
        };
    }
}
