// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.time.Duration;

/**
 * How much of the server one client may use.
 *
 * @param maxRequestBytes largest body
 * @param maxRequestLineBytes longest request line
 * @param maxHeaderBytes most bytes of headers together
 * @param maxHeaders most header fields
 * @param maxPipelined most requests of one connection that wait for the one before them; then reading pauses
 * @param maxConnections most connections of all listeners together; the next one is closed at once
 * @param maxUnsentBytes most bytes a slow client may leave unread; then its stream is broken off, and its next requests wait
 * @param minBytesPerSecond slowest a client may send a body, once {@code bodyGrace} is over, or take what is written to it
 * @param headerTimeout longest time from the first byte of a request to the end of its headers
 * @param bodyGrace time before the body's rate is looked at
 * @param bodyTimeout longest time to send as many bytes as were reserved for the body; so a larger one has to come faster
 * @param idleTimeout longest time without a request
 * @param writeTimeout longest time a client may take nothing of what is written to it; then the connection is closed
 * @param lingerTimeout how long a connection the server ends still reads, so that its last answer is not lost
 */
public record HttpLimits(
        int maxRequestBytes,
        int maxRequestLineBytes,
        int maxHeaderBytes,
        int maxHeaders,
        int maxPipelined,
        int maxConnections,
        int maxUnsentBytes,
        int minBytesPerSecond,
        Duration headerTimeout,
        Duration bodyGrace,
        Duration bodyTimeout,
        Duration idleTimeout,
        Duration writeTimeout,
        Duration lingerTimeout) {
    public HttpLimits {
        atLeast("maxRequestBytes", maxRequestBytes, 0);
        atLeast("maxRequestLineBytes", maxRequestLineBytes, 64);
        atLeast("maxHeaderBytes", maxHeaderBytes, 64);
        atLeast("maxHeaders", maxHeaders, 1);
        atLeast("maxPipelined", maxPipelined, 1);
        atLeast("maxConnections", maxConnections, 1);
        atLeast("maxUnsentBytes", maxUnsentBytes, 1);
        atLeast("minBytesPerSecond", minBytesPerSecond, 0);
        positive("headerTimeout", headerTimeout);
        positive("bodyGrace", bodyGrace);
        positive("bodyTimeout", bodyTimeout);
        positive("idleTimeout", idleTimeout);
        positive("writeTimeout", writeTimeout);
        positive("lingerTimeout", lingerTimeout);
    }

    /** The limits of operations.md section 5.5. */
    public static HttpLimits defaults() {
        return new HttpLimits(
                64 << 20,
                8 << 10,
                16 << 10,
                100,
                16,
                10_000,
                16 << 20,
                1 << 10,
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(120),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30),
                Duration.ofSeconds(2));
    }

    /** The same limits with another size of body. */
    public HttpLimits withMaxRequestBytes(int bytes) {
        return new HttpLimits(
                bytes,
                maxRequestLineBytes,
                maxHeaderBytes,
                maxHeaders,
                maxPipelined,
                maxConnections,
                maxUnsentBytes,
                minBytesPerSecond,
                headerTimeout,
                bodyGrace,
                bodyTimeout,
                idleTimeout,
                writeTimeout,
                lingerTimeout);
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + " or more)");
        }
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: more than zero)");
        }
    }
}
