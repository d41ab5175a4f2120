// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * {@code GET /metrics}: the page Prometheus reads. {@code name[]} in the query, as often as wanted, keeps only those samples.
 *
 * <p><b>Threads:</b> the page is made on the given executor, never on an event loop.
 *
 * <p>Source: torchserve.md section 3.1.
 */
public final class MetricsProtocol implements Protocol {
    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final String FILTER = "name[]";
    private static final Set<String> ANY_VERB = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");

    private final Supplier<String> page;
    private final Executor executor;

    /**
     * @param page makes the whole page
     * @param executor one thread is enough
     */
    public MetricsProtocol(Supplier<String> page, Executor executor) {
        this.page = page;
        this.executor = executor;
    }

    @Override
    public String name() {
        return "metrics";
    }

    @Override
    public List<Endpoint> endpoints() {
        return List.of(new Endpoint(Plane.METRICS, ANY_VERB, "/metrics/{rest...}", this::answer));
    }

    private void answer(RestRequest request, RestResponder responder) {
        request.body().release();
        List<String> names = request.query().getOrDefault(FILTER, List.of());
        executor.execute(() -> responder.respond(render(request.id(), names)));
    }

    private RestResponse render(String requestId, List<String> names) {
        try {
            String all = page.get();
            return text(200, CONTENT_TYPE, names.isEmpty() ? all : SampleFilter.keep(all, Set.copyOf(names)));
        } catch (RuntimeException e) {
            return errors().map(requestId, ServingException.from(e));
        }
    }

    @Override
    public ErrorMapper errors() {
        return new PlainTextErrors();
    }

    private static RestResponse text(int status, String contentType, String body) {
        return new RestResponse(
                status,
                List.of(Map.entry("content-type", contentType)),
                DataBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
    }

    /** One line of plain text. */
    private static final class PlainTextErrors implements ErrorMapper {
        @Override
        public RestResponse map(String requestId, ServingException failure) {
            int status = switch (failure.code()) {
                case UNAUTHENTICATED -> 401;
                case PERMISSION_DENIED -> 403;
                default -> 500;
            };
            return text(status, "text/plain; charset=utf-8", failure.safeMessage() + "\n");
        }

        @Override
        public RestResponse map(String requestId, Rejection rejection, String detail) {
            int status = switch (rejection) {
                case UNKNOWN_PATH -> 404;
                case METHOD_NOT_ALLOWED -> 405;
                case BODY_TOO_LARGE -> 413;
                case HEAD_TOO_LARGE -> 431;
                case MALFORMED -> 400;
                case TIMED_OUT -> 408;
                case UNSUPPORTED_ENCODING -> 415;
                case NOT_ENCRYPTED -> 403;
                case OUT_OF_MEMORY -> 503;
            };
            return text(status, "text/plain; charset=utf-8", detail + "\n");
        }
    }
}
