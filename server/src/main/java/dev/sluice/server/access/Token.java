// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

/**
 * A secret that proves that its holder may call.
 *
 * @param secret URL-safe Base64 of {@link #BYTES} random bytes
 * @param expires when it no longer holds; empty for never
 */
record Token(String secret, Optional<Instant> expires) {
    /** 192 bits; the original has 48. */
    private static final int BYTES = 24;

    static Token random(SecureRandom random, Optional<Instant> expires) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new Token(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes), expires);
    }

    /** Takes the same time whichever character differs. */
    boolean is(String offered) {
        return MessageDigest.isEqual(
                secret.getBytes(StandardCharsets.US_ASCII), offered.getBytes(StandardCharsets.UTF_8));
    }

    boolean holdsAt(Instant now) {
        return expires.isEmpty() || now.isBefore(expires.get());
    }

    /** Tokens do not get into logs. */
    @Override
    public String toString() {
        return "Token[expires=" + expires + "]";
    }
}
