// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A protocol whose answers say what arrived. */
final class FakeProtocol implements Protocol {
    private final String name;
    private final List<Endpoint> endpoints = new ArrayList<>();

    /** Requests to {@link #holding} endpoints, in the order they arrived; the test answers them. */
    final BlockingQueue<Held> held = new LinkedBlockingQueue<>();

    /** A request that waits for the test; its body has been released. */
    record Held(RestRequest request, String body, RestResponder responder) {
        void respond(String text) {
            responder.respond(text(200, text));
        }
    }

    FakeProtocol(String name) {
        this.name = name;
    }

    FakeProtocol with(Plane plane, Set<String> methods, String path, RestHandler handler) {
        endpoints.add(new Endpoint(plane, methods, path, handler));
        return this;
    }

    FakeProtocol with(String method, String path, RestHandler handler) {
        return with(Plane.INFERENCE, Set.of(method), path, handler);
    }

    /** Answers with method, path, parameters and body. */
    FakeProtocol echoing(String method, String path) {
        return with(method, path, (request, responder) -> {
            String body = take(request.body());
            responder.respond(text(
                    200,
                    request.method() + " " + request.path() + " "
                            + new java.util.TreeMap<>(request.pathParameters()) + " "
                            + new java.util.TreeMap<>(request.query()) + " " + body));
        });
    }

    /** Leaves the answer to the test. */
    FakeProtocol holding(String method, String path) {
        return with(method, path, (request, responder) -> held.add(new Held(request, take(request.body()), responder)));
    }

    static String take(DataBuffer body) {
        String text = new String(body.toByteArray(), StandardCharsets.UTF_8);
        body.release();
        return text;
    }

    static RestResponse text(int status, String text) {
        return new RestResponse(
                status,
                List.of(Map.entry("content-type", "text/plain")),
                DataBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<Endpoint> endpoints() {
        return endpoints;
    }

    @Override
    public ErrorMapper errors() {
        return errors(name);
    }

    /** A mapper whose bodies name it, the reason and the detail. */
    static ErrorMapper errors(String name) {
        return new ErrorMapper() {
            @Override
            public RestResponse map(String requestId, ServingException failure) {
                return text(500, name + " " + failure.code() + " " + failure.safeMessage());
            }

            @Override
            public RestResponse map(String requestId, Rejection rejection, String detail) {
                return text(
                        switch (rejection) {
                            case UNKNOWN_PATH -> 404;
                            case METHOD_NOT_ALLOWED -> 405;
                            case BODY_TOO_LARGE -> 413;
                            case HEAD_TOO_LARGE -> 431;
                            case MALFORMED -> 400;
                            case TIMED_OUT -> 408;
                            case UNSUPPORTED_ENCODING -> 415;
                            case NOT_ENCRYPTED -> 403;
                            case OUT_OF_MEMORY -> 503;
                        },
                        name + " " + rejection + " " + detail);
            }
        };
    }
}
