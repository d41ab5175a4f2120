// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Ends a connection whose client is too slow: with headers, with a body, with taking its answer, or with asking at all. It
 * looks now and then instead of setting a timer per request, so a client may get up to half a {@code headerTimeout} more.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 */
final class Watchdog implements Runnable {
    private final HttpConnection connection;
    private final Channel channel;
    private final HttpLimits limits;
    private final Ticker ticker;
    private final long longestNap;

    /** Written by the event loop: bytes unsent at the last look; 0 if nobody waited for that. */
    private long unsentBefore;

    /** Written by the event loop: since when {@link #unsentBefore} has not changed. */
    private long stalledNanos;

    /** Written by the event loop: when the client began to be measured that has not taken everything since. */
    private long windowNanos;

    /** Written by the event loop: bytes it had taken at {@link #windowNanos}. */
    private long takenBefore;

    Watchdog(HttpConnection connection, Channel channel, HttpLimits limits, Ticker ticker) {
        this.connection = connection;
        this.channel = channel;
        this.limits = limits;
        this.ticker = ticker;
        this.longestNap = Math.min(
                        limits.headerTimeout().toNanos(),
                        Math.min(
                                limits.bodyGrace().toNanos(),
                                Math.min(
                                        limits.writeTimeout().toNanos(),
                                        limits.idleTimeout().toNanos())))
                / 2;
    }

    void start() {
        sleep(longestNap);
    }

    private void sleep(long nanos) {
        Future<?> unused = channel.eventLoop().schedule(this, Math.min(nanos, longestNap), TimeUnit.NANOSECONDS);
    }

    @Override
    public void run() {
        if (!channel.isActive()) {
            return;
        }
        long patience = look(ticker.nanos());
        if (patience > 0) {
            sleep(patience);
        }
    }

    /** How long until it makes sense to look again; 0 or less after having ended the connection. */
    private long look(long now) {
        // A last answer, too, may stay unread; only when it has left does the departure see to the rest.
        if (connection.unsentBytes() > 0 || (connection.isAnswering() && !connection.isLeaving())) {
            return orCut(unsentPatience(now));
        }
        unsentBefore = 0;
        if (connection.isLeaving()) {
            return longestNap;
        }
        if (connection.assembler().isMidBody()) {
            return bodyPatience(now);
        }
        if (connection.decoder().isMidRequest()) {
            return headerPatience(now);
        }
        return orCut(limits.idleTimeout().toNanos() - (now - connection.activeNanos()));
    }

    private long orCut(long patience) {
        if (patience <= 0) {
            connection.cut();
        }
        return patience;
    }

    private long unsentPatience(long now) {
        long unsent = connection.unsentBytes();
        if (unsent == 0 || unsentBefore == 0) {
            measureFrom(now);
        }
        if (unsent == 0 || unsent != unsentBefore) {
            unsentBefore = unsent;
            stalledNanos = now;
        }
        if (isTakingTooLittle(now)) {
            return 0;
        }
        // As many bytes as before may be other ones: those of then have left if something was written meanwhile.
        return limits.writeTimeout().toNanos() - elapsed(now, stalledNanos);
    }

    /** Looked at once in each {@code writeTimeout}, so that nobody lives on what it took at first. */
    private boolean isTakingTooLittle(long now) {
        long measured = now - windowNanos;
        if (measured < limits.writeTimeout().toNanos()) {
            return false;
        }
        double expected = limits.minBytesPerSecond() * (measured / 1e9);
        boolean tooLittle = connection.takenBytes() - takenBefore < expected;
        measureFrom(now);
        return tooLittle;
    }

    private void measureFrom(long now) {
        windowNanos = now;
        takenBefore = connection.takenBytes();
    }

    private long headerPatience(long now) {
        long patience = limits.headerTimeout().toNanos()
                - elapsed(now, connection.decoder().startedNanos());
        if (patience <= 0) {
            connection.refuseSlow(
                    "headers not complete after " + limits.headerTimeout().toMillis() + " ms");
            return longestNap;
        }
        return patience;
    }

    private long bodyPatience(long now) {
        long elapsed = elapsed(now, connection.assembler().headNanos());
        long grace = limits.bodyGrace().toNanos() - elapsed;
        if (grace > 0) {
            return grace;
        }
        int received = connection.assembler().bodyBytes();
        double rate = Math.max(
                limits.minBytesPerSecond(), rateToUse(connection.assembler().promisedBytes()));
        double expected = rate * (elapsed / 1e9);
        if (received < expected) {
            connection.refuseSlow("body: " + received + " bytes in " + TimeUnit.NANOSECONDS.toMillis(elapsed)
                    + " ms (expected: at least " + Math.round(rate) + " per second)");
        }
        return longestNap;
    }

    /** What a client has reserved is missing to others, so it has to come for it in time. */
    private double rateToUse(int reserved) {
        return reserved / (limits.bodyTimeout().toNanos() / 1e9);
    }

    /** Time the client had: none passes for it before an earlier answer has left. */
    private long elapsed(long now, long startNanos) {
        return Math.min(now - startNanos, now - connection.activeNanos());
    }
}
