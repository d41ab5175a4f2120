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
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * {@code GET /metrics}: the page Prometheus reads. {@code name[]} in the query, as often as wanted, keeps only those samples.
 *
 * <p><b>Threads:</b> the page is made on the given executor, never on an event loop.
 *
 * <p>Source: torchserve.md section 3.1.
 */
public final class MetricsProtocol implements Protocol {
    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final String FILTER = "name[]";
    private static final Set<String> ANY_VERB = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");

    private final Page page;
    private final Executor executor;

    /** Makes the whole page. */
    @FunctionalInterface
    public interface Page {
        /**
         * The page as it is now.
         *
         * @param openMetrics whether in OpenMetrics 1.0, or in Prometheus's text format 0.0.4
         */
        String make(boolean openMetrics);
    }

    /** @param executor one thread is enough */
    public MetricsProtocol(Page page, Executor executor) {
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
        boolean openMetrics =
                names.isEmpty() && wantsOpenMetrics(request.header("accept").orElse(""));
        executor.execute(() -> responder.respond(render(request.id(), names, openMetrics)));
    }

    /** Whether it is named, and not as what the caller likes less than plain text. */
    private static boolean wantsOpenMetrics(String accept) {
        double openMetrics = 0;
        double plain = 0;
        for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
            String type = range.strip();
            if (type.startsWith(OPEN_METRICS)) {
                openMetrics = Math.max(openMetrics, weight(type));
            } else if (type.startsWith("text/plain")) {
                plain = Math.max(plain, weight(type));
            }
        }
        return openMetrics > 0 && openMetrics >= plain;
    }

    private static double weight(String range) {
        for (String parameter : range.split(";", -1)) {
            String stripped = parameter.strip();
            if (stripped.matches("q=[01](\\.[0-9]{0,3})?")) {
                return Double.parseDouble(stripped.substring(2));
            }
        }
        return 1;
    }

    private RestResponse render(String requestId, List<String> names, boolean openMetrics) {
        try {
            String all = page.make(openMetrics);
            String type = openMetrics ? OPEN_METRICS + "; version=1.0.0; charset=utf-8" : CONTENT_TYPE;
            return text(200, type, names.isEmpty() ? all : SampleFilter.keep(all, Set.copyOf(names)));
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
