// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.model.ModelId;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerSinkTest {
    private final List<String> told = new ArrayList<>();

    private final AnswerSink sink = new AnswerSink(
            new AnswerSink.Client() {
                @Override
                public void piece(DataBuffer bytes) {
                    told.add(new String(bytes.toByteArray(), StandardCharsets.UTF_8));
                    bytes.release();
                }

                @Override
                public void done() {
                    told.add("done");
                }

                @Override
                public void refuse(Refusal refusal) {
                    told.add(refusal.code() + " " + refusal.message());
                }
            },
            4,
            failure -> failure);

    private static InferenceResponse answer(String text) {
        DataBuffer bytes = DataBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        return new InferenceResponse(new ModelId("m", "1.0"), List.of(new Output.OfContent("", bytes)));
    }

    @Test
    void handsOnWhatIsAsLargeAsItMayBe() {
        sink.part(answer("four"));
        sink.complete(answer("more"));

        assertThat(told).containsExactly("four", "more", "done");
    }

    /** Seen to fail when only streamed answers that were asked for in one message had a limit. */
    @Test
    void refusesOnceWhatIsLarger() {
        sink.part(answer("four"));
        sink.part(answer("fives"));
        sink.part(answer("six"));
        sink.complete(answer("seven"));

        assertThat(told).containsExactly("four", "INTERNAL Worker died.");
    }
}
