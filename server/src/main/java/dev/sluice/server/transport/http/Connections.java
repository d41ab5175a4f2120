// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections of a transport, and how near it is to its end.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class Connections {
    private final int max;
    private final AtomicInteger count = new AtomicInteger();
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    /** Written by whoever drains; read by event loops. */
    private volatile boolean draining;

    /** Written by whoever drains, after the last listener was closed; read by event loops. */
    private volatile boolean leaving;

    Connections(int max) {
        this.max = max;
    }

    /** Counts an accepted connection in, unless there are too many; each one counted in is counted out with {@link #left}. */
    boolean admit() {
        if (count.incrementAndGet() > max) {
            left();
            return false;
        }
        return true;
    }

    void left() {
        if (count.decrementAndGet() == 0 && leaving) {
            gone.complete(null);
        }
    }

    void opened(HttpConnection connection) {
        open.add(connection);
    }

    void closed(HttpConnection connection) {
        open.remove(connection);
    }

    /** Whether every answer is to be the last of its connection. */
    boolean isDraining() {
        return draining;
    }

    /** Whether connections without a request are to go. */
    boolean isLeaving() {
        return leaving;
    }

    void startDraining() {
        draining = true;
    }

    /** Sends idle connections away; completes when there are none left, which needs the listeners to be closed. */
    CompletionStage<Void> leave() {
        leaving = true;
        open.forEach(HttpConnection::leave);
        if (count.get() == 0) {
            gone.complete(null);
        }
        return gone.minimalCompletionStage();
    }

    /** Closes all that are left, in whatever state. */
    void cutAll() {
        open.forEach(HttpConnection::cut);
    }

    int count() {
        return count.get();
    }
}
