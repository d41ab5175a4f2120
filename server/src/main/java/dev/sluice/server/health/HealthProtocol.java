// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.health;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * {@code GET /health/live}, {@code /health/ready} and {@code /health/startup}, on every listener and for everybody: 200 for
 * yes, 503 for no. The body names the models that are missing, and nothing else of them.
 *
 * <p><b>Source:</b> operations.md section 4.7.
 */
public final class HealthProtocol implements Protocol {
    private static final Set<String> METHODS = Set.of("GET", "HEAD");

    private final Readiness readiness;

    public HealthProtocol(Readiness readiness) {
        this.readiness = readiness;
    }

    @Override
    public String name() {
        return "health";
    }

    @Override
    public List<Endpoint> endpoints() {
        return Stream.of(Plane.values()).flatMap(plane -> of(plane).stream()).toList();
    }

    /** Where planes meet, they answer once. */
    @Override
    public List<Endpoint> endpoints(Set<Plane> planes) {
        return planes.stream().min(Comparator.naturalOrder()).map(this::of).orElse(List.of());
    }

    private List<Endpoint> of(Plane plane) {
        return List.of(
                open(plane, "/health/live", answering(this::live, "live", "dead")),
                open(plane, "/health/ready", answering(readiness::ready, "ready", "not ready")),
                open(plane, "/health/startup", answering(readiness::started, "started", "starting")));
    }

    private static Endpoint open(Plane plane, String path, RestHandler handler) {
        return new Endpoint(plane, METHODS, path, handler, true);
    }

    private HealthReport live() {
        return new HealthReport(readiness.live(), readiness.phase(), List.of());
    }

    private static RestHandler answering(Supplier<HealthReport> question, String yes, String no) {
        return (RestRequest request, RestResponder responder) -> {
            request.body().release();
            HealthReport report = question.get();
            ObjectNode body = JsonNodeFactory.instance
                    .objectNode()
                    .put("status", report.ok() ? yes : no)
                    .put("phase", report.phase().name().toLowerCase(Locale.ROOT));
            report.missing().forEach(body.putArray("missing")::add);
            responder.respond(json(report.ok() ? 200 : 503, body));
        };
    }

    @Override
    public ErrorMapper errors() {
        return new Errors();
    }

    private static RestResponse json(int status, ObjectNode body) {
        return new RestResponse(
                status,
                List.of(Map.entry("content-type", "application/json"), Map.entry("cache-control", "no-store")),
                DataBuffer.wrap((body + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    /** A sentence in the field {@code error}. */
    private static final class Errors implements ErrorMapper {
        @Override
        public RestResponse map(String requestId, ServingException failure) {
            return json(500, JsonNodeFactory.instance.objectNode().put("error", failure.safeMessage()));
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
            return json(status, JsonNodeFactory.instance.objectNode().put("error", detail));
        }
    }
}
