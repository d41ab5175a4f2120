// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.TokensConfig;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tokens of this process, made when it starts. The one for predictions opens predictions and nothing else, the one for
 * management opens management and nothing else, on whatever address those are served.
 *
 * <p><b>Threads:</b> {@link #check} is safe from any thread and never blocks; {@link #renew} writes a file.
 *
 * <p>Source: torchserve.md section 2.8.
 */
public final class Tokens implements AccessControl, AutoCloseable {
    private static final String REFUSED =
            "Token Authorization failed. Token either incorrect, expired, or not provided correctly";
    private static final String NOT_RENEWED =
            "Token Authentication failed. Token either incorrect, expired, or not provided correctly";

    /** The scheme has to be written so; a second header makes a value that has a blank in it. */
    private static final Pattern BEARER = Pattern.compile("Bearer\\s+(\\S+)");

    private final KeyFile file;
    private final Duration lifetime;
    private final boolean guardsMetrics;
    private final InstantSource clock;
    private final SecureRandom random;

    /** Replaced under the lock of this; read by any thread. */
    private volatile Map<TokenKind, Token> tokens;

    private Tokens(TokensConfig config, InstantSource clock, SecureRandom random) {
        this.file = new KeyFile(config.keyFile());
        this.lifetime = config.lifetime();
        this.guardsMetrics = config.guardsMetrics();
        this.clock = clock;
        this.random = random;
        this.tokens = Map.of(
                TokenKind.MANAGEMENT,
                fresh(),
                TokenKind.INFERENCE,
                fresh(),
                TokenKind.API,
                Token.random(random, Optional.empty()));
    }

    /** New tokens, which nobody knows before they are published. */
    public static Tokens issue(TokensConfig config, InstantSource clock) {
        return new Tokens(config, clock, new SecureRandom());
    }

    /**
     * Writes the key file.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} if that cannot be done so that others cannot read it
     */
    public synchronized void publish() {
        file.write(tokens);
    }

    private Token fresh() {
        return Token.random(random, Optional.of(clock.instant().plus(lifetime)));
    }

    @Override
    public void check(Plane plane, Optional<String> authorization) {
        switch (plane) {
            case INFERENCE -> check(TokenKind.INFERENCE, authorization, REFUSED);
            case MANAGEMENT -> check(TokenKind.MANAGEMENT, authorization, REFUSED);
            case METRICS -> {
                if (guardsMetrics) {
                    check(TokenKind.MANAGEMENT, authorization, REFUSED);
                }
            }
        }
    }

    private void check(TokenKind wanted, Optional<String> authorization, String refusal) {
        Matcher bearer = BEARER.matcher(authorization.orElse(""));
        if (!bearer.matches()) {
            throw ServingException.refusal(ErrorCode.UNAUTHENTICATED, refusal);
        }
        Token token = tokens.get(wanted);
        // One answer for a wrong one, one that expired and one of another kind: nobody learns which it was.
        if (token == null || !token.is(bearer.group(1)) || !token.holdsAt(clock.instant())) {
            throw ServingException.refusal(ErrorCode.PERMISSION_DENIED, refusal);
        }
    }

    /** Where operators find the tokens. */
    public Path keyFile() {
        return file.path();
    }

    /** Returns if {@code authorization} is the API token; never blocks. */
    void checkMayRenew(Optional<String> authorization) {
        check(TokenKind.API, authorization, NOT_RENEWED);
    }

    /**
     * Replaces the token of the kind named {@code type}; the old one stops holding at once.
     *
     * @throws ServingException {@code UNAUTHENTICATED} or {@code PERMISSION_DENIED} if {@code authorization} is not the API
     *     token or there is no such kind; {@code FAILED_PRECONDITION} if the file cannot be written, and then the old token
     *     stays
     */
    synchronized void renew(String type, Optional<String> authorization) {
        checkMayRenew(authorization);
        TokenKind kind = TokenKind.renewable(type)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.PERMISSION_DENIED,
                        "Token Authentication failed. type: " + type + " (expected: management or inference)"));
        Map<TokenKind, Token> renewed = new EnumMap<>(tokens);
        renewed.put(kind, fresh());
        file.write(renewed);
        tokens = Map.copyOf(renewed);
    }

    /** Removes the key file, which says nothing any more, unless another server has written it since. */
    @Override
    public synchronized void close() {
        file.removeIfOurs();
    }
}
