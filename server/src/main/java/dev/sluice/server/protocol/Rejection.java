// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

/** Why a transport turned a request away before any endpoint saw it. */
public enum Rejection {
    /** No template matches the path. */
    UNKNOWN_PATH,
    /** The path is known, the method is not taken there. */
    METHOD_NOT_ALLOWED,
    /** The body is larger than the server reads. */
    BODY_TOO_LARGE,
    /** Request line or headers are larger than the server reads. */
    HEAD_TOO_LARGE,
    /** Not HTTP, or not valid. */
    MALFORMED,
    /** The client was too slow in sending it. */
    TIMED_OUT,
    /** The body is encoded in a way the server does not read. */
    UNSUPPORTED_ENCODING,
    /** Plain text, where only TLS is spoken. */
    NOT_ENCRYPTED,
    /** There is no memory for the body now; the same request may succeed later. */
    OUT_OF_MEMORY
}
