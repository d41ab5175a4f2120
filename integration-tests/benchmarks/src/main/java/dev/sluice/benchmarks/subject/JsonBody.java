// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A row of numbers as the body of a request, the same each time.
 *
 * @param text as JSON, whatever the body holds
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record JsonBody(InferenceRequest request, byte[] text, DataType type) {
    /** How numbers are written. */
    public enum Spelling {
        /** 0 to 255. */
        PIXELS,
        /** Six digits, as many clients round. */
        SHORT_FLOATS,
        /** As Python prints a list of single-precision numbers: all digits of the double. */
        LONG_FLOATS,
        /** The same, wanted as doubles. */
        DOUBLES,
        /** No text: the bytes of the tensor. */
        BINARY
    }

    public static JsonBody none() {
        return of(1, Spelling.PIXELS);
    }

    public static JsonBody of(int numbers, Spelling spelling) {
        Random random = new Random(7);
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < numbers; i++) {
            text.append(i == 0 ? "" : ", ").append(number(random, spelling));
        }
        byte[] json = text.append(']').toString().getBytes(StandardCharsets.US_ASCII);
        boolean binary = spelling == Spelling.BINARY;
        DataType type = spelling == Spelling.DOUBLES ? DataType.FP64 : DataType.FP32;
        byte[] body = binary ? new byte[numbers * type.elementBytes()] : json;
        DataBuffer buffer = BufferAllocator.unpooled().allocate(body.length);
        buffer.view().put(body);
        Input input = new Input.OfContent("body", binary ? "application/octet-stream" : "application/json", buffer);
        RequestContext context =
                new RequestContext("r", "bench", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        return new JsonBody(
                new InferenceRequest(ModelRef.of("m"), List.of(input), List.of(), Map.of(), context), json, type);
    }

    private static String number(Random random, Spelling spelling) {
        return switch (spelling) {
            case PIXELS -> Integer.toString(random.nextInt(256));
            case SHORT_FLOATS -> Double.toString(random.nextInt(1_000_000) / 1e6);
            case LONG_FLOATS, BINARY -> Double.toString(random.nextFloat() * 2 - 1);
            case DOUBLES -> Double.toString(random.nextDouble() * 2 - 1);
        };
    }

    /** Bytes of the body. */
    public long size() {
        return ((Input.OfContent) request.inputs().get(0)).content().size();
    }
}
