// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import java.util.Optional;
import java.util.stream.Stream;

/** What a token is good for, in the order of the key file. */
public enum TokenKind {
    /** Every endpoint of model management. */
    MANAGEMENT("management"),
    /** Every endpoint of predictions. */
    INFERENCE("inference"),
    /** Renewing the other two; it never expires. */
    API("API");

    private final String key;

    TokenKind(String key) {
        this.key = key;
    }

    /** Its name in the key file and in requests. */
    String key() {
        return key;
    }

    /** The one that can be renewed under that name. */
    static Optional<TokenKind> renewable(String name) {
        return Stream.of(MANAGEMENT, INFERENCE)
                .filter(kind -> kind.key.equals(name))
                .findFirst();
    }
}
