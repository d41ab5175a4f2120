// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads {@code PredictionsRequest}s: the message is copied once, from the transport into charged direct memory, and its inputs are
 * slices of that. Generated code would copy each input twice, onto the heap.
 *
 * <p>It never throws: grpc-java takes what is thrown while a message is read for a fault of the server. What cannot be read is
 * told to the client by whoever gets the message.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * @param memory where messages are copied to
 */
record PredictionMarshaller(BufferAllocator memory) implements MethodDescriptor.Marshaller<PredictionMessage> {
    private static final int MODEL_NAME = 1;
    private static final int MODEL_VERSION = 2;
    private static final int INPUT = 3;
    private static final int SEQUENCE_ID = 4;
    private static final int ENTRY_KEY = 1;
    private static final int ENTRY_VALUE = 2;
    private static final int MAX_INPUTS = 1024;

    @Override
    public InputStream stream(PredictionMessage value) {
        throw new UnsupportedOperationException("requests are only read here");
    }

    @Override
    public PredictionMessage parse(InputStream stream) {
        try {
            DataBuffer whole = MessageBytes.read(stream, memory);
            try {
                return new Reader(whole).read();
            } finally {
                whole.release();
            }
        } catch (ServingException e) {
            return PredictionMessage.unreadable(e);
        } catch (StatusRuntimeException e) {
            // Compressed, and too large when it is not.
            return PredictionMessage.unreadable(new ServingException(
                    ErrorCode.INVALID_INPUT, "message: " + e.getStatus().getDescription(), e));
        } catch (IOException | RuntimeException e) {
            return PredictionMessage.unreadable(
                    new ServingException(ErrorCode.INVALID_INPUT, "message: not a PredictionsRequest", e));
        }
    }

    /** The walk through one message. */
    private static final class Reader {
        private final DataBuffer whole;
        private final CodedInputStream in;
        private final Map<String, Input> inputs = new LinkedHashMap<>();

        /** Written by the thread that reads, like the two that follow. */
        private String model = "";

        private String version = "";
        private String sequenceId = "";

        Reader(DataBuffer whole) {
            this.whole = whole;
            this.in = CodedInputStream.newInstance(whole.view());
        }

        PredictionMessage read() throws IOException {
            try {
                for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                    field(tag);
                }
                return new PredictionMessage(
                        model, version, sequenceId, List.copyOf(inputs.values()), Optional.empty());
            } catch (IOException | RuntimeException | Error e) {
                inputs.values().forEach(Input::release);
                throw e;
            }
        }

        private void field(int tag) throws IOException {
            if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                skip(tag);
                return;
            }
            switch (WireFormat.getTagFieldNumber(tag)) {
                case MODEL_NAME -> model = in.readStringRequireUtf8();
                case MODEL_VERSION -> version = in.readStringRequireUtf8();
                case SEQUENCE_ID -> sequenceId = in.readStringRequireUtf8();
                case INPUT -> entry();
                default -> skip(tag);
            }
        }

        private void entry() throws IOException {
            int limit = in.pushLimit(in.readRawVarint32());
            String name = "";
            int from = 0;
            int length = 0;
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (tag == tag(ENTRY_KEY)) {
                    name = in.readStringRequireUtf8();
                } else if (tag == tag(ENTRY_VALUE)) {
                    length = in.readRawVarint32();
                    from = in.getTotalBytesRead();
                    in.skipRawBytes(length);
                } else {
                    skip(tag);
                }
            }
            in.popLimit(limit);
            // As everywhere in protocol buffers, the last one of a name counts.
            Input before = inputs.put(name, new Input.OfContent(name, "", whole.retainedSlice(from, length)));
            if (before != null) {
                before.release();
            }
            if (inputs.size() > MAX_INPUTS) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "input: more than " + MAX_INPUTS + " entries (expected: at most that)");
            }
        }

        private static int tag(int field) {
            return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
        }

        private void skip(int tag) throws IOException {
            if (!in.skipField(tag)) {
                throw new InvalidProtocolBufferException("the end of a group that never began");
            }
        }
    }
}
