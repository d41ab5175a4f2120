// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Cancellation;
import dev.sluice.server.protocol.RequestIds;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request being answered. Each call hops onto the connection's event loop, where the order of calls decides.
 *
 * <p><b>Threads:</b> the responder's methods are safe from any thread; state is confined to the event loop.
 */
final class Exchange implements RestResponder {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final HttpConnection connection;
    private final ResponseWriter writer;
    private final RequestLine line;
    private final long receivedNanos;
    private final boolean lastOfConnection;
    private final String id = RequestIds.next();
    private final Cancellation cancellation = new Cancellation();

    /** Written by the event loop. */
    private State state = State.OPEN;

    private enum State {
        OPEN,
        STREAMING,
        ENDED
    }

    /**
     * An unanswered request.
     *
     * @param lastOfConnection whether nothing can be read after it
     */
    Exchange(
            HttpConnection connection,
            ResponseWriter writer,
            RequestLine line,
            long receivedNanos,
            boolean lastOfConnection) {
        this.connection = connection;
        this.writer = writer;
        this.line = line;
        this.receivedNanos = receivedNanos;
        this.lastOfConnection = lastOfConnection;
    }

    String id() {
        return id;
    }

    RequestLine line() {
        return line;
    }

    long receivedNanos() {
        return receivedNanos;
    }

    boolean isLastOfConnection() {
        return lastOfConnection;
    }

    Cancellation cancellation() {
        return cancellation;
    }

    @Override
    public void respond(RestResponse response) {
        Runnable onLoop = () -> {
            if (state == State.OPEN) {
                state = State.ENDED;
                writer.write(this, response);
            } else {
                dropLate(response.body());
            }
        };
        if (writer.inEventLoop()) {
            onLoop.run();
        } else {
            hop(onLoop, response.body());
        }
    }

    @Override
    public void startStream(RestResponse head) {
        hop(
                () -> {
                    if (state == State.OPEN) {
                        state = State.STREAMING;
                        writer.writeHead(this, head);
                    } else {
                        dropLate(head.body());
                    }
                },
                head.body());
    }

    @Override
    public void chunk(DataBuffer data) {
        hop(
                () -> {
                    if (state == State.STREAMING) {
                        writer.writeChunk(this, data);
                    } else {
                        dropLate(data);
                    }
                },
                data);
    }

    @Override
    public void endStream() {
        hop(() -> {
            if (state == State.STREAMING) {
                state = State.ENDED;
                writer.writeEnd(this);
            }
        });
    }

    @Override
    public void abortStream() {
        hop(() -> {
            if (state == State.STREAMING) {
                breakOff();
            }
        });
    }

    /** Gives up on the answer and its connection; called on the event loop. */
    void breakOff() {
        state = State.ENDED;
        connection.cut();
    }

    private void dropLate(DataBuffer data) {
        data.release();
        // After a cut this is how what was still under way ends; in any other case it is a fault of the endpoint.
        LOG.debug("An answer to {} {} came after its end and was dropped", line.method(), id);
    }

    private void hop(Runnable onLoop) {
        hop(onLoop, DataBuffer.wrap(new byte[0]));
    }

    /** Always a task, also on the event loop itself: what was called before from another thread must run before. */
    private void hop(Runnable onLoop, DataBuffer owned) {
        try {
            writer.execute(onLoop);
        } catch (RejectedExecutionException e) {
            owned.release();
            LOG.debug("An answer came after the transport was closed", e);
        }
    }
}
