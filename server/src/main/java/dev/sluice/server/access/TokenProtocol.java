// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews tokens: {@code GET /token?type=management} or {@code inference}, with the API token. The new one is in the key file
 * when the answer comes, which itself says nothing.
 *
 * <p><b>Threads:</b> safe from any thread; the file is written on the executor.
 *
 * <p>Source: torchserve.md section 2.8.
 */
public final class TokenProtocol implements Protocol {
    private static final Logger LOG = LoggerFactory.getLogger(TokenProtocol.class);

    private final Tokens tokens;
    private final ErrorMapper errors;
    private final Executor executor;

    /**
     * An endpoint for {@code tokens}.
     *
     * @param errors of the protocol whose endpoint this is
     * @param executor one thread is enough
     */
    public TokenProtocol(Tokens tokens, ErrorMapper errors, Executor executor) {
        this.tokens = tokens;
        this.errors = errors;
        this.executor = executor;
    }

    @Override
    public String name() {
        return "tokens";
    }

    /** Open, since the token it wants is not that of its plane. */
    @Override
    public List<Endpoint> endpoints() {
        return List.of(new Endpoint(Plane.MANAGEMENT, Set.of("GET"), "/token", this::renew, true));
    }

    private void renew(RestRequest request, RestResponder responder) {
        request.body().release();
        String type = request.queryParameter("type").orElse("");
        List<String> authorization = request.headers().stream()
                .filter(header -> header.getKey().equalsIgnoreCase("authorization"))
                .map(Map.Entry::getValue)
                .toList();
        Optional<String> one =
                authorization.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", authorization));
        tokens.checkMayRenew(one);
        try {
            executor.execute(() -> responder.respond(renewed(request.id(), type, one)));
        } catch (RejectedExecutionException e) {
            throw new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping", e);
        }
    }

    private RestResponse renewed(String requestId, String type, Optional<String> authorization) {
        try {
            tokens.renew(type, authorization);
            LOG.info("The {} token was renewed", type);
            return new RestResponse(
                    200,
                    List.of(
                            Map.entry("content-type", "application/json"),
                            Map.entry("x-request-id", requestId),
                            Map.entry("Cache-Control", "no-cache; no-store, must-revalidate, private")),
                    DataBuffer.wrap("\n".getBytes(StandardCharsets.US_ASCII)));
        } catch (ServingException e) {
            return errors.map(requestId, forClient(e));
        } catch (RuntimeException e) {
            LOG.error("A token was not renewed", e);
            return errors.map(requestId, ServingException.from(e));
        }
    }

    /** Where the key file lies is nobody's business over the network. */
    private static ServingException forClient(ServingException failure) {
        if (failure.code() != ErrorCode.FAILED_PRECONDITION) {
            return failure;
        }
        LOG.error("A token was not renewed: {}", failure.safeMessage(), failure);
        return new ServingException(
                ErrorCode.INTERNAL, "The key file cannot be written; the server's log has the details", failure);
    }

    @Override
    public ErrorMapper errors() {
        return errors;
    }
}
