// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the seam offers to handlers beyond one fixed row: lengths that differ, and outputs handed over whole. */
class GatheringTest {
    /** A text's bytes as numbers, filled up with -1. */
    private record Characters(String text, long length) implements Rows {
        @Override
        public DataType type() {
            return DataType.INT8;
        }

        @Override
        public Shape shape() {
            return Shape.of(length);
        }

        @Override
        public void writeTo(ByteBuffer target) {
            for (int i = 0; i < length; i++) {
                target.put(i < text.length() ? (byte) text.charAt(i) : -1);
            }
        }

        @Override
        public boolean isStretchable() {
            return true;
        }

        @Override
        public Rows stretchedTo(long longer) {
            return new Characters(text, longer);
        }
    }

    private record Codec(boolean runsAlone) implements RowCodec {
        @Override
        public List<Rows> decode(InferenceRequest request) {
            String text = new String(RequestBody.of(request).bytes(), StandardCharsets.US_ASCII).strip();
            return List.of(new Characters(text, text.length()), new Characters("1", 1));
        }

        @Override
        public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
            OutputRow row = outputs.get(0);
            String found = outputs.names() + " " + row.shape() + " " + row.integer(0);
            return List.of(Output.OfContent.copy("", found.getBytes(StandardCharsets.US_ASCII), allocator));
        }

        @Override
        public List<Rows> sample() {
            return List.of();
        }

        @Override
        public void close() {}
    }

    private record Provider(boolean runsAlone) implements HandlerProvider {
        @Override
        public Set<String> names() {
            return Set.of("characters");
        }

        @Override
        public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
            return new RowModel(model, spec, context.allocator(), () -> new Codec(runsAlone), true);
        }
    }

    private static InferenceRequest text(String text) {
        return Harness.request(Harness.content("body", "", text.getBytes(StandardCharsets.US_ASCII)));
    }

    private static FunctionModel echo() {
        return new FunctionModel(
                Signature.UNDECLARED,
                inputs -> List.of(FakeTensorModel.tensor(
                        "y",
                        DataType.INT8,
                        inputs.get(0).shape(),
                        inputs.get(0).data().toByteArray())));
    }

    /** Planted: rows left as long as they were; then the run has too few bytes. */
    @Test
    void stretchesTheShortToTheLengthOfTheLongest() {
        FunctionModel model = echo();
        ModelSpec spec = Harness.spec(new BatchSpec(4, Duration.ZERO).withSizes(AllowedSizes.of(4)));
        try (Harness harness = new Harness(new Provider(false), model, spec)) {
            assertThat(harness.texts(text("abc"), text("d"), text("ef")))
                    .containsExactly("[y] [3] 97", "[y] [3] 100", "[y] [3] 101");
            assertThat(model.rows()).containsExactly(4L);
        }
    }

    /** Seen to fail when rows of length 0 did not count as shorter: the run had too few bytes. */
    @Test
    void stretchesRowsWithNothingInThem() {
        ModelSpec spec = Harness.spec(new BatchSpec(4, Duration.ZERO));
        try (Harness harness = new Harness(new Provider(false), echo(), spec)) {
            assertThat(harness.texts(text(" "), text("ab"))).containsExactly("[y] [2] -1", "[y] [2] 97");
        }
    }

    /** Planted: one run for all. */
    @Test
    void handsOutputsOverWholeToThoseWhoRunAlone() {
        FunctionModel model = echo();
        try (Harness harness = new Harness(new Provider(true), model, Harness.spec(new BatchSpec(4, Duration.ZERO)))) {
            assertThat(harness.texts(text("abc"), text("d"))).containsExactly("[y] [1, 3] 97", "[y] [1, 1] 100");
            assertThat(model.rows()).containsExactly(1L, 1L);
        }
    }
}
