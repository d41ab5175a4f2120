// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer of one prediction as bytes for its client.
 *
 * <p><b>Threads:</b> as its contract says; calls come from one thread at a time.
 */
final class AnswerSink implements ResponseSink {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerSink.class);
    private static final int LONGEST_REASON = 1000;
    private static final int FIRST_FAILURE = 400;

    private final Client client;
    private final int maxBytes;
    private final UnaryOperator<ServingException> worded;

    /** Written by whichever thread delivers, one at a time and each after the other: whether the client was refused the rest. */
    private volatile boolean refused;

    /** Written like {@link #refused}. */
    private volatile boolean begun;

    /** Who gets the bytes: any number of pieces, then either of the others. */
    interface Client {
        /** More of the answer, owned by the client from here on. */
        void piece(DataBuffer bytes);

        /** It is whole. */
        void done();

        /** There is no answer, or no more of it. */
        void refuse(Refusal refusal);
    }

    /**
     * One for {@code client}.
     *
     * @param maxBytes most that one answer, or one part of it, may have
     * @param worded finds the original's words for a failure
     */
    AnswerSink(Client client, int maxBytes, UnaryOperator<ServingException> worded) {
        this.client = client;
        this.maxBytes = maxBytes;
        this.worded = worded;
    }

    @Override
    public void part(InferenceResponse part) {
        boolean unused = deliver(part);
    }

    @Override
    public void complete(InferenceResponse response) {
        int status = response.details().status().orElse(0);
        if (status >= FIRST_FAILURE && !refused) {
            refused = true;
            client.refuse(Refusal.byHandler(status, reason(response)));
        } else if (begun && response.outputs().isEmpty() && !refused) {
            // The end of a stream, and not one more empty piece of it.
            client.done();
        } else if (deliver(response)) {
            client.done();
        }
    }

    private boolean deliver(InferenceResponse response) {
        Optional<DataBuffer> bytes = content(response);
        if (refused || bytes.isEmpty() || bytes.get().size() > maxBytes) {
            bytes.ifPresent(DataBuffer::release);
            refuse(bytes.isPresent());
            return false;
        }
        begun = true;
        client.piece(bytes.get());
        return true;
    }

    /**
     * What the original says of a handler that returns what it cannot send, or so much that its worker is ended; said once.
     */
    private void refuse(boolean tooLarge) {
        if (refused) {
            return;
        }
        refused = true;
        if (tooLarge) {
            LOG.warn("An answer over gRPC is larger than max_response_size, {} bytes", maxBytes);
        }
        client.refuse(Refusal.ofPrediction(
                tooLarge
                        ? new ServingException(ErrorCode.INTERNAL, "Worker died.")
                        : new ServingException(ErrorCode.ENGINE_FAILED, "Unsupported model output data type.")));
    }

    @Override
    public void fail(ServingException failure) {
        if (!refused) {
            refused = true;
            client.refuse(Refusal.ofPrediction(worded.apply(failure)));
        }
    }

    /** The answer, if it can be one: nothing, or one run of bytes. Else empty, with everything released. */
    private static Optional<DataBuffer> content(InferenceResponse response) {
        if (response.outputs().isEmpty()) {
            return Optional.of(DataBuffer.wrap(new byte[0]));
        }
        if (response.outputs().size() == 1 && response.outputs().get(0) instanceof Output.OfContent content) {
            return Optional.of(content.content());
        }
        response.release();
        return Optional.empty();
    }

    /** What the handler says about its status, else the answer itself as far as it is a sentence. Releases the response. */
    private static String reason(InferenceResponse response) {
        String given = response.details().reason();
        Optional<DataBuffer> bytes = content(response);
        if (bytes.isEmpty()) {
            return given;
        }
        try {
            String text = new String(bytes.get().toByteArray(), StandardCharsets.UTF_8);
            String shown = text.isEmpty() ? given : text;
            return shown.length() > LONGEST_REASON ? shown.substring(0, LONGEST_REASON) + "..." : shown;
        } finally {
            bytes.get().release();
        }
    }
}
