// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.api.torchserve.inference.PredictionResponse;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What goes to the client of one call: messages in the order in which they come, as fast as the client takes them, then the end.
 *
 * <p><b>Threads:</b> safe from any thread, never blocks: each step runs in the call's turn, on whichever thread is there.
 *
 * <p><b>Ownership:</b> each message comes with what to do when its bytes are not needed any more, which is done once, whatever
 * happens. The bytes of a stream's message have been copied when {@link ServerCall#sendMessage} returns. Those of an only answer
 * are held until the client has it, so that the budget knows of what waits for slow clients.
 */
final class Outbound {
    /** Most messages that wait for a slow client; a client that lets more wait is cut off. */
    static final int MOST_WAITING = 1024;

    private static final Metadata.Key<String> REQUEST_ID =
            Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

    private final ServerCall<?, PredictionResponse> call;
    private final SynchronizationContext turn;
    private final String requestId;
    private final boolean oneMessage;
    private final Runnable gaveUp;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final List<Runnable> held = new ArrayList<>();

    /** Written in turn: how the call is to end after what waits. */
    private @Nullable Status end;

    /** Written in turn. */
    private boolean headersSent;

    /** Written in turn: whether nothing more can be sent. */
    private boolean over;

    /** A message, or without one a place in the line, and what to do when it is passed. */
    private record Waiting(Optional<PredictionResponse> message, Runnable passed) {}

    /**
     * Nothing sent yet.
     *
     * @param requestId sent to the client with the first message
     * @param oneMessage whether there is only one, as its method says
     * @param gaveUp run in turn when the client is cut off for being too slow
     */
    Outbound(
            ServerCall<?, PredictionResponse> call,
            SynchronizationContext turn,
            String requestId,
            boolean oneMessage,
            Runnable gaveUp) {
        this.call = call;
        this.turn = turn;
        this.requestId = requestId;
        this.oneMessage = oneMessage;
        this.gaveUp = gaveUp;
    }

    /** Sends {@code message} after those before it; {@code passed} runs when its bytes may go. */
    void send(PredictionResponse message, Runnable passed) {
        add(new Waiting(Optional.of(message), passed));
    }

    /** Runs {@code passed} in turn when everything before has been sent. */
    void afterThat(Runnable passed) {
        add(new Waiting(Optional.empty(), passed));
    }

    private void add(Waiting next) {
        turn.execute(() -> {
            if (over || end != null) {
                next.passed().run();
                return;
            }
            waiting.add(next);
            advance();
            if (waiting.size() > MOST_WAITING) {
                cutOff();
            }
        });
    }

    private void cutOff() {
        release(waiting);
        end = Status.RESOURCE_EXHAUSTED.withDescription(
                "answers: more than " + MOST_WAITING + " wait for their client (expected: one that reads them)");
        advance();
        gaveUp.run();
    }

    /** Ends the call after what was sent before. */
    void end(Status status) {
        turn.execute(() -> {
            if (end == null) {
                end = status;
                advance();
            }
        });
    }

    /** The client can take more. */
    void ready() {
        turn.execute(this::advance);
    }

    /** The call is over, by itself or because the client went away. */
    void finished() {
        turn.execute(() -> {
            over = true;
            release(waiting);
            held.forEach(Runnable::run);
            held.clear();
        });
    }

    private static void release(Deque<Waiting> waiting) {
        while (!waiting.isEmpty()) {
            waiting.remove().passed().run();
        }
    }

    private void advance() {
        while (!over && !waiting.isEmpty() && (waiting.element().message().isEmpty() || canSend())) {
            Waiting next = waiting.remove();
            if (next.message().isPresent()) {
                write(next.message().get(), next.passed());
            } else {
                next.passed().run();
            }
        }
        if (!over && waiting.isEmpty() && end != null) {
            over = true;
            call.close(end, new Metadata());
        }
    }

    private boolean canSend() {
        return oneMessage || call.isReady();
    }

    private void write(PredictionResponse message, Runnable passed) {
        try {
            if (!headersSent) {
                headersSent = true;
                Metadata headers = new Metadata();
                headers.put(REQUEST_ID, requestId);
                call.sendHeaders(headers);
            }
            call.sendMessage(message);
        } catch (RuntimeException | Error e) {
            passed.run();
            throw e;
        }
        if (oneMessage) {
            held.add(passed);
        } else {
            passed.run();
        }
    }
}
