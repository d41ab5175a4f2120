// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.WireConfig;
import dev.sluice.server.protocol.RestRequest;
import java.time.Duration;
import java.util.Optional;

/**
 * What a client may say about when its prediction is wanted: {@link #TIMEOUT}, {@link #PRIORITY}, and its tenant under the name the
 * operator chose. They are ours; the original has nothing like them.
 *
 * <p><b>Errors:</b> {@code INVALID_INPUT} with the header, its value and what was expected.
 *
 * @param longest how long a prediction may wait, whatever longer time its client asks for; empty for as long as it takes
 * @param tenantHeader empty if all clients are one tenant
 * @param names of the headers that speak of a sequence: its id, absent for none; {@code true} for its first request, before which all
 *     under its id is forgotten; {@code true} for its last
 */
public record SchedulingHeaders(
        Optional<Duration> longest, Optional<String> tenantHeader, WireConfig.SequenceHeaders names) {
    /** Milliseconds, from the last byte of the request on, for which the answer is wanted. */
    public static final String TIMEOUT = "X-Sluice-Timeout-Ms";

    /** The level of the request, 1 being served first; the model's last level if it has fewer. */
    public static final String PRIORITY = "X-Sluice-Priority";

    private static final int LONGEST_SEQUENCE_ID = 256;

    private static final int LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;
    private static final int LAST_PRIORITY = 1000;
    private static final int LONGEST_TENANT = 128;

    /** With the original's names for sequences. */
    SchedulingHeaders(Optional<Duration> longest, Optional<String> tenantHeader) {
        this(longest, tenantHeader, WireConfig.SequenceHeaders.USUAL);
    }

    /** The earlier of the client's deadline and the server's. */
    public long deadlineNanos(RestRequest request) {
        Optional<Duration> asked =
                number(request, TIMEOUT, LONGEST_TIMEOUT_MS, "milliseconds").map(Duration::ofMillis);
        Optional<Duration> limit = asked.filter(duration -> longest.isEmpty() || duration.compareTo(longest.get()) < 0)
                .or(() -> longest);
        return limit.map(duration -> request.receivedNanos() + duration.toNanos())
                .orElse(RequestContext.NO_DEADLINE);
    }

    public int priority(RestRequest request) {
        return number(request, PRIORITY, LAST_PRIORITY, "1 being served first").orElse(RequestContext.DEFAULT_PRIORITY);
    }

    /** Empty for the common tenant. */
    public String tenant(RestRequest request) {
        String tenant = tenantHeader.flatMap(request::header).orElse("").strip();
        if (tenant.length() > LONGEST_TENANT) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    tenantHeader.orElse("") + ": " + tenant.length() + " characters (expected: at most "
                            + LONGEST_TENANT + ")");
        }
        return tenant;
    }

    /** Empty for a request of no sequence. Tenants have sequences of their own, whatever ids they choose. */
    public Optional<SequenceRef> sequence(RestRequest request) {
        Optional<String> id = request.header(names.id()).map(String::strip).filter(text -> !text.isEmpty());
        if (id.isPresent() && id.get().length() > LONGEST_SEQUENCE_ID) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    names.id() + ": " + id.get().length() + " characters (expected: at most " + LONGEST_SEQUENCE_ID
                            + ")");
        }
        // No header has a line end in it, so that no tenant can name another's.
        String prefix = tenant(request).isEmpty() ? "" : tenant(request) + "\n";
        return id.map(
                text -> new SequenceRef(prefix + text, isTrue(request, names.start()), isTrue(request, names.end())));
    }

    private static boolean isTrue(RestRequest request, String header) {
        return request.header(header)
                .map(String::strip)
                .filter("true"::equalsIgnoreCase)
                .isPresent();
    }

    private static Optional<Integer> number(RestRequest request, String header, int most, String meaning) {
        Optional<String> value = request.header(header).map(String::strip);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        String text = value.get();
        if (text.matches("[0-9]{1,9}")) {
            int number = Integer.parseInt(text);
            if (number >= 1 && number <= most) {
                return Optional.of(number);
            }
        }
        String shown = text.length() > 32 ? text.substring(0, 32) + "..." : text;
        throw new ServingException(
                ErrorCode.INVALID_INPUT,
                header + ": " + shown + " (expected: a whole number, 1.." + most + ", " + meaning + ")");
    }
}
