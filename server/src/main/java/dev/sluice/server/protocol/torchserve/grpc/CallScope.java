// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.tensor.DataBuffer;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What a call says besides its messages.
 *
 * @param headers its metadata, but for what belongs to the transport and the caller's secret
 * @param deadlineNanos when the client stops waiting, on the server's ticker; {@link RequestContext#NO_DEADLINE} for never
 */
record CallScope(String method, List<Map.Entry<String, String>> headers, long deadlineNanos, Ticker ticker) {
    private static final Set<String> NOT_FOR_HANDLERS = Set.of("authorization", "content-type", "te", "grpc-encoding");

    CallScope {
        headers = List.copyOf(headers);
    }

    private static final Context.Key<CallScope> CURRENT = Context.key("call-scope");

    /** Makes what a call says known to generated code, which has no parameter for it. */
    static ServerInterceptor interceptor(Ticker ticker) {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                CallScope scope = of(call.getMethodDescriptor().getFullMethodName(), headers, ticker);
                return Contexts.interceptCall(Context.current().withValue(CURRENT, scope), call, headers, next);
            }
        };
    }

    /** That of the call that runs on this thread. */
    static CallScope current() {
        CallScope scope = CURRENT.get();
        if (scope == null) {
            throw new IllegalStateException("no call runs on this thread");
        }
        return scope;
    }

    /** Called where the call begins, since its deadline is the calling thread's. */
    static CallScope of(String method, Metadata metadata, Ticker ticker) {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (String name : metadata.keys()) {
            String key = name.toLowerCase(Locale.ROOT);
            if (key.endsWith(Metadata.BINARY_HEADER_SUFFIX)
                    || key.startsWith("grpc-")
                    || NOT_FOR_HANDLERS.contains(key)) {
                continue;
            }
            Iterable<String> values = metadata.getAll(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
            if (values != null) {
                values.forEach(value -> headers.add(Map.entry(key, value)));
            }
        }
        Deadline deadline = Context.current().getDeadline();
        long deadlineNanos = deadline == null
                ? RequestContext.NO_DEADLINE
                : ticker.nanos() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
        return new CallScope(method, headers, deadlineNanos, ticker);
    }

    /**
     * One message of the call in the form in which headers are understood.
     *
     * @param id of the request
     * @param first headers that count more than those of the call
     */
    RestRequest request(String id, List<Map.Entry<String, String>> first, Cancellation cancellation) {
        List<Map.Entry<String, String>> all = new ArrayList<>(first);
        all.addAll(headers);
        return new RestRequest(
                id,
                "POST",
                "/" + method,
                Map.of(),
                Map.of(),
                all,
                DataBuffer.wrap(new byte[0]),
                ticker.nanos(),
                cancellation);
    }

    /** The earlier of {@code otherNanos} and the call's own deadline. */
    long earlier(long otherNanos) {
        if (otherNanos == RequestContext.NO_DEADLINE) {
            return deadlineNanos;
        }
        if (deadlineNanos == RequestContext.NO_DEADLINE) {
            return otherNanos;
        }
        return otherNanos - deadlineNanos < 0 ? otherNanos : deadlineNanos;
    }
}
