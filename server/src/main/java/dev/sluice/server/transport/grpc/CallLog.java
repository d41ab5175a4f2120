// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.AccessLog;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the observer of each call's end and writes the original's line for it: {@code /127.0.0.1:1234 "gRPC
 * package.Service/Method HTTP/2.0" 0 12}.
 *
 * <p><b>Source:</b> torchserve.md section 4.5.
 */
final class CallLog implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(CallLog.class);

    private final Plane plane;
    private final CallObserver observer;
    private final Ticker ticker;

    CallLog(Plane plane, CallObserver observer, Ticker ticker) {
        this.plane = plane;
        this.observer = observer;
        this.ticker = ticker;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        long startedNanos = ticker.nanos();
        Watched<Q, R> watched = new Watched<>(call);
        return new SimpleForwardingServerCallListener<>(next.startCall(watched, headers)) {
            @Override
            public void onComplete() {
                tell(call, watched.code, startedNanos);
                super.onComplete();
            }

            @Override
            public void onCancel() {
                tell(call, watched.code, startedNanos);
                super.onCancel();
            }
        };
    }

    private void tell(ServerCall<?, ?> call, Status.Code code, long startedNanos) {
        String method = call.getMethodDescriptor().getFullMethodName();
        long durationNanos = ticker.nanos() - startedNanos;
        AccessLog.grpc(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR), method, code.value(), durationNanos);
        try {
            observer.callEnded(plane, method, code.value(), durationNanos);
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on a call of {}", method, e);
        }
    }

    /** A call that remembers how it was closed. */
    private static final class Watched<Q, R> extends SimpleForwardingServerCall<Q, R> {
        /** Written by whoever closes the call. What it begins with is what the client sees if nobody does. */
        private volatile Status.Code code = Status.Code.CANCELLED;

        Watched(ServerCall<Q, R> call) {
            super(call);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            code = status.getCode();
            super.close(status, trailers);
        }
    }
}
