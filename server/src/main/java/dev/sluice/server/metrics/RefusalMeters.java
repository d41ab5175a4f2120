// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.inference.ErrorCode;
import dev.sluice.model.ModelId;
import dev.sluice.server.protocol.Rejection;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Load that was shed, and callers who left: {@code sluice_requests_rejected_total} and {@code sluice_requests_cancelled_total}.
 *
 * <p><b>Threads:</b> as {@link RequestMeters}.
 */
final class RefusalMeters {
    private static final String CANCELLED = "";
    private static final List<String> OF_MODELS =
            List.of("queue_full", "memory", "deadline", "draining", "unavailable", CANCELLED);

    private record Series(ModelId model, String reason) {}

    private final MeterRegistry registry;
    private final ConcurrentHashMap<Series, Counter> series = new ConcurrentHashMap<>();

    RefusalMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /** A request to {@code model} ended so; does nothing unless it was shed or given up. */
    void finished(ModelId model, ErrorCode failure) {
        Optional<String> reason = reason(failure);
        if (reason.isPresent()) {
            counter(model, reason.get()).increment();
        }
    }

    private static Optional<String> reason(ErrorCode code) {
        return switch (code) {
            case OVERLOADED -> Optional.of("queue_full");
            case OUT_OF_MEMORY -> Optional.of("memory");
            case DEADLINE_EXCEEDED -> Optional.of("deadline");
            case SHUTTING_DOWN -> Optional.of("draining");
            case MODEL_UNAVAILABLE -> Optional.of("unavailable");
            case CANCELLED -> Optional.of(CANCELLED);
            case UNAUTHENTICATED -> Optional.of("unauthenticated");
            case PERMISSION_DENIED -> Optional.of("forbidden");
            case INVALID_INPUT,
                    INVALID_MODEL,
                    DOWNLOAD_FAILED,
                    MODEL_NOT_FOUND,
                    VERSION_NOT_FOUND,
                    LABEL_NOT_FOUND,
                    SOURCE_NOT_FOUND,
                    ALREADY_EXISTS,
                    FAILED_PRECONDITION,
                    NOT_ALLOWED,
                    LOAD_FAILED,
                    ENGINE_FAILED,
                    INSTANCE_DIED,
                    HANDLER_REFUSED,
                    INTERNAL -> Optional.empty();
        };
    }

    /** A request was turned away before its model was known. */
    void refused(ModelId model, Rejection rejection) {
        String reason = switch (rejection) {
            case UNKNOWN_PATH -> "unknown_path";
            case METHOD_NOT_ALLOWED -> "method";
            case BODY_TOO_LARGE, HEAD_TOO_LARGE -> "too_large";
            case MALFORMED -> "malformed";
            case TIMED_OUT -> "too_slow";
            case UNSUPPORTED_ENCODING -> "encoding";
            case NOT_ENCRYPTED -> "not_encrypted";
            case OUT_OF_MEMORY -> "memory";
        };
        counter(model, reason).increment();
    }

    /** Makes the series of a version, so that they start at zero. */
    void expect(ModelId model) {
        OF_MODELS.forEach(reason -> {
            Counter unused = counter(model, reason);
        });
    }

    private Counter counter(ModelId model, String reason) {
        Series key = new Series(model, reason);
        Counter known = series.get(key);
        return known == null ? series.computeIfAbsent(key, this::newCounter) : known;
    }

    private Counter newCounter(Series key) {
        boolean isCancelled = key.reason().equals(CANCELLED);
        Counter.Builder counter = isCancelled
                ? Counter.builder("sluice.requests.cancelled").description("Requests whose caller left.")
                : Counter.builder("sluice.requests.rejected")
                        .description("Requests that were turned away, by why.")
                        .tag("reason", key.reason());
        return counter.tag("model", key.model().name())
                .tag("version", key.model().version())
                .register(registry);
    }

    /** Removes what belongs to a version that is gone. */
    void forget(ModelId model) {
        series.forEach((key, counter) -> {
            if (key.model().equals(model)) {
                series.remove(key);
                Meter unused = registry.remove(counter);
            }
        });
    }

    /** Removes what belongs to versions that are gone. */
    void forgetAllBut(Set<ModelId> models) {
        series.forEach((key, counter) -> {
            if (!models.contains(key.model())) {
                series.remove(key);
                Meter unused = registry.remove(counter);
            }
        });
    }
}
