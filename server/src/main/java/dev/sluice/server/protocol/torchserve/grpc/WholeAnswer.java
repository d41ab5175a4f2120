// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.tensor.DataBuffer;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * The one message of a call that has only one: the pieces of a streamed answer, put together. The original sends the first and
 * forgets the rest.
 *
 * <p><b>Threads:</b> called by one thread at a time, each after the other.
 */
final class WholeAnswer implements AnswerSink.Client {
    private final Outbound out;
    private final int maxBytes;
    private final List<DataBuffer> pieces = new ArrayList<>();

    /** Written by whoever delivers. */
    private long bytes;

    /** Written by whoever delivers. */
    private boolean tooLarge;

    /** @param maxBytes of the answer */
    WholeAnswer(Outbound out, int maxBytes) {
        this.out = out;
        this.maxBytes = maxBytes;
    }

    @Override
    public void piece(DataBuffer piece) {
        bytes += piece.size();
        if (tooLarge || bytes > maxBytes) {
            tooLarge = true;
            piece.release();
            release();
        } else {
            pieces.add(piece);
        }
    }

    @Override
    public void done() {
        if (tooLarge) {
            out.end(Status.RESOURCE_EXHAUSTED.withDescription(
                    "answer: " + bytes + " bytes in pieces (expected: at most " + maxBytes
                            + "; StreamPredictions sends them one by one)"));
            return;
        }
        List<DataBuffer> owned = List.copyOf(pieces);
        pieces.clear();
        ByteString all = owned.stream()
                .map(piece -> UnsafeByteOperations.unsafeWrap(piece.view()))
                .reduce(ByteString.EMPTY, ByteString::concat);
        out.send(PredictionResponse.newBuilder().setPrediction(all).build(), () -> owned.forEach(DataBuffer::release));
        out.end(Status.OK);
    }

    @Override
    public void refuse(Refusal refusal) {
        release();
        out.end(refusal.status());
    }

    private void release() {
        pieces.forEach(DataBuffer::release);
        pieces.clear();
    }
}
