// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

/** Why a request or an operation failed, in terms no protocol owns; each protocol's error mapper gives it a status. */
public enum ErrorCode {
    /** The caller's input cannot be used; sending it again will fail again. */
    INVALID_INPUT,
    /** No model of that name. */
    MODEL_NOT_FOUND,
    /** The model is there, that version is not. */
    VERSION_NOT_FOUND,
    /** The model is there, but no version of it was ever given that label. */
    LABEL_NOT_FOUND,
    /** The model is there but has nothing to run on: no instances, still loading, or leaving. */
    MODEL_UNAVAILABLE,
    /** The queue is full; the same request may succeed later. */
    OVERLOADED,
    /** The deadline passed before there was an answer. */
    DEADLINE_EXCEEDED,
    /** The caller went away. */
    CANCELLED,
    /** The server is stopping. */
    SHUTTING_DOWN,
    /** What should be created is there already. */
    ALREADY_EXISTS,
    /** The operation is legal, but not in this state: removing the default version while others exist, for one. */
    FAILED_PRECONDITION,
    /** The operator switched the operation off. */
    NOT_ALLOWED,
    /** The caller did not prove who it is. */
    UNAUTHENTICATED,
    /** The caller proved who it is, and may not do this. */
    PERMISSION_DENIED,
    /** Nothing at the location a model was to come from, or the location may not be read. */
    SOURCE_NOT_FOUND,
    /** The location may be read, and reading it failed. */
    DOWNLOAD_FAILED,
    /** The model's files are not a model this server can run. */
    INVALID_MODEL,
    /** The model's files are fine, loading them failed. */
    LOAD_FAILED,
    /** The engine failed while computing. */
    ENGINE_FAILED,
    /** What ran the request died with it; another try may succeed. */
    INSTANCE_DIED,
    /** The model's handler refused the request with a status of its own: {@link ServingException#handlerStatus}. */
    HANDLER_REFUSED,
    /** Memory ran out. */
    OUT_OF_MEMORY,
    /** A fault of ours. */
    INTERNAL
}
