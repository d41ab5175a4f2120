// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;

/**
 * Turns away whom {@link AccessControl} does not let in. Whatever the reason is, the status is the original's: clients tell by it
 * that they need another token.
 *
 * <p><b>Source:</b> torchserve.md sections 2.8 and 4.1.
 */
final class AccessInterceptor implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final AccessControl access;
    private final Plane plane;

    AccessInterceptor(AccessControl access, Plane plane) {
        this.access = access;
        this.plane = plane;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        try {
            access.check(plane, authorization(headers));
        } catch (ServingException e) {
            call.close(Status.PERMISSION_DENIED.withDescription(e.safeMessage()), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return next.startCall(call, headers);
    }

    /** Several are no more than one that is not understood: nobody can tell which of them somebody in between has looked at. */
    private static Optional<String> authorization(Metadata headers) {
        return Optional.ofNullable(headers.getAll(AUTHORIZATION)).map(values -> String.join(", ", values));
    }
}
