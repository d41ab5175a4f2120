// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.inference.RequestContext;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lets a histogram remember the trace of a request it measured, if the caller sent one that is sampled.
 *
 * <p><b>Threads:</b> safe from any thread; what is set is seen by the same thread alone.
 *
 * <p><b>Source:</b> W3C Trace Context, header {@code traceparent}.
 */
final class TraceExemplars implements SpanContext {
    private static final String HEADER = "traceparent";
    private static final Pattern VERSION_0 = Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]([0-9a-f])");

    private static final ThreadLocal<Span> CURRENT = new ThreadLocal<>();

    private record Span(String trace, String span) {}

    /** Runs {@code recording} with the trace of {@code context}, if it has one. */
    void recording(RequestContext context, Runnable recording) {
        Span span = span(context.headers());
        if (span == null) {
            recording.run();
            return;
        }
        CURRENT.set(span);
        try {
            recording.run();
        } finally {
            CURRENT.remove();
        }
    }

    private static @Nullable Span span(Map<String, String> headers) {
        String header = headers.get(HEADER);
        if (header == null) {
            return null;
        }
        Matcher matcher = VERSION_0.matcher(header);
        boolean isSampled =
                matcher.matches() && (Character.digit(matcher.group(3).charAt(0), 16) & 1) == 1;
        return isSampled ? new Span(matcher.group(1), matcher.group(2)) : null;
    }

    @Override
    public @Nullable String getCurrentTraceId() {
        Span span = CURRENT.get();
        return span == null ? null : span.trace();
    }

    @Override
    public @Nullable String getCurrentSpanId() {
        Span span = CURRENT.get();
        return span == null ? null : span.span();
    }

    @Override
    public boolean isCurrentSpanSampled() {
        return CURRENT.get() != null;
    }

    @Override
    public void markCurrentSpanAsExemplar() {
        // The trace is not ours to change.
    }
}
