// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.inference.ErrorCode;
import dev.sluice.server.protocol.Rejection;
import java.util.Optional;

/**
 * The {@code code} label: the canonical status words of gRPC, one set for every protocol.
 *
 * <p>Source: operations.md section 4.3, {@code requests_total}.
 */
final class StatusWord {
    static final String OK = "OK";

    private StatusWord() {}

    static String of(Optional<ErrorCode> failure) {
        return failure.isPresent() ? of(failure.get()) : OK;
    }

    static String of(Rejection rejection) {
        return switch (rejection) {
            case UNKNOWN_PATH -> "NOT_FOUND";
            case METHOD_NOT_ALLOWED -> "UNIMPLEMENTED";
            case BODY_TOO_LARGE, HEAD_TOO_LARGE, MALFORMED, UNSUPPORTED_ENCODING -> "INVALID_ARGUMENT";
            case NOT_ENCRYPTED -> "FAILED_PRECONDITION";
            case TIMED_OUT -> "DEADLINE_EXCEEDED";
            case OUT_OF_MEMORY -> "RESOURCE_EXHAUSTED";
        };
    }

    private static String of(ErrorCode code) {
        return switch (code) {
            case INVALID_INPUT, INVALID_MODEL, DOWNLOAD_FAILED -> "INVALID_ARGUMENT";
            case MODEL_NOT_FOUND, VERSION_NOT_FOUND, LABEL_NOT_FOUND, SOURCE_NOT_FOUND -> "NOT_FOUND";
            case MODEL_UNAVAILABLE, SHUTTING_DOWN -> "UNAVAILABLE";
            case OVERLOADED, OUT_OF_MEMORY -> "RESOURCE_EXHAUSTED";
            case DEADLINE_EXCEEDED -> "DEADLINE_EXCEEDED";
            case CANCELLED -> "CANCELLED";
            case ALREADY_EXISTS -> "ALREADY_EXISTS";
            case FAILED_PRECONDITION -> "FAILED_PRECONDITION";
            case NOT_ALLOWED, PERMISSION_DENIED -> "PERMISSION_DENIED";
            case UNAUTHENTICATED -> "UNAUTHENTICATED";
            case LOAD_FAILED, ENGINE_FAILED, INSTANCE_DIED, HANDLER_REFUSED, INTERNAL -> "INTERNAL";
        };
    }
}
