// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts requests into a message to a worker.
 *
 * <p><b>Threads:</b> one at a time.
 *
 * <p><b>Ownership:</b> reads the requests' bytes until the message has been sent.
 *
 * <p><b>Source:</b> spec torchserve, 7.4.
 */
final class RequestEncoder {
    private static final int COMMAND = 'I';
    private static final int END = -1;
    private static final String TENSOR_TYPE = "application/x-sluice-tensor";
    private static final String BINARY_TYPE = "application/octet-stream";

    private final Side side;
    private final Optional<SharedLane> lane;
    private final BufferAllocator allocator;

    /**
     * @param lane memory that the worker sees, for tensors
     * @param allocator hears of copies
     */
    RequestEncoder(Side side, Optional<SharedLane> lane, BufferAllocator allocator) {
        this.side = side;
        this.lane = lane;
        this.allocator = allocator;
    }

    /** Begins a batch. */
    void begin(FrameWriter to) {
        to.begin();
        to.putByte(COMMAND);
        lane.ifPresent(SharedLane::begin);
    }

    /** One more request of the batch. */
    void put(FrameWriter to, String id, InferenceRequest request) {
        putHead(to, id, request);
        List<Input> inputs = request.inputs();
        for (int i = 0; i < inputs.size(); i++) {
            put(to, inputs.get(i));
        }
        to.putInt(END);
    }

    /** One that the worker has seen before: without its inputs. */
    void putCached(FrameWriter to, String id, InferenceRequest request) {
        putHead(to, id, request);
        to.putInt(END);
    }

    /** Ends the batch. */
    void end(FrameWriter to) {
        to.putInt(END);
    }

    private static void putHead(FrameWriter to, String id, InferenceRequest request) {
        to.putText(id);
        for (Map.Entry<String, String> header : request.context().headers().entrySet()) {
            to.putText(header.getKey());
            to.putText(header.getValue());
        }
        to.putInt(END);
    }

    private void put(FrameWriter to, Input input) {
        to.putText(input.name());
        if (input instanceof Input.OfContent content) {
            to.putText(content.contentType());
            to.putBody(content.content().view());
        } else if (input instanceof Input.OfTensor tensor) {
            put(to, tensor.tensor());
        }
    }

    private void put(FrameWriter to, Tensor tensor) {
        ByteBuffer bytes = tensor.data().view();
        if (side == Side.ORIGINAL) {
            to.putText(BINARY_TYPE);
            to.putBody(bytes);
            return;
        }
        int length = bytes.remaining();
        int offset = lane.isPresent() && length > 0 ? lane.get().put(bytes) : -1;
        if (offset < 0) {
            to.putText(type(tensor));
            to.putBody(bytes);
            return;
        }
        allocator.copied(CopyReason.PROCESS);
        to.putText(type(tensor) + "; offset=" + offset + "; length=" + length);
        to.putInt(0);
    }

    private static String type(Tensor tensor) {
        StringBuilder type = new StringBuilder(TENSOR_TYPE)
                .append("; datatype=")
                .append(tensor.type().name())
                .append("; shape=");
        Shape shape = tensor.shape();
        for (int i = 0; i < shape.rank(); i++) {
            type.append(i == 0 ? "" : ",").append(shape.dimension(i));
        }
        return type.toString();
    }

    /** Whether a request brings tensors, so that it may be answered with some. */
    static boolean hasTensors(InferenceRequest request) {
        List<Input> inputs = request.inputs();
        for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i) instanceof Input.OfTensor) {
                return true;
            }
        }
        return false;
    }
}
