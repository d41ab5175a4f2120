// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.DataBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RepliedModelTest {
    private final List<String> heard = new ArrayList<>();

    private static Reply text(String text) {
        return Reply.of(new Output.OfContent("", DataBuffer.wrap(text.getBytes(UTF_8))));
    }

    private static Reply answer(InferenceRequest request, TensorInstance model, ReplyParts parts) {
        switch (request.context().requestId()) {
            case "stream" -> {
                parts.send(text("a").withStatus(299, "odd").withHeader("x", "1"));
                parts.send(text("b"));
                return text("c");
            }
            case "refused" -> throw ServingException.byHandler(513, "no");
            case "broken" -> throw new IllegalStateException("secret");
            default -> {
                return text("whole").withHeader("y", "1").withHeader("y", "2").withStatus(599, "");
            }
        }
    }

    private static Batch batch(String... ids) {
        List<InferenceRequest> requests = new ArrayList<>();
        for (String id : ids) {
            requests.add(new InferenceRequest(
                    ModelRef.of("m"),
                    List.of(),
                    List.of(),
                    Map.of(),
                    new RequestContext(id, "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation())));
        }
        return new Batch(new ModelId("m", "1"), requests);
    }

    private static String shown(InferenceResponse response) {
        Output.OfContent content = (Output.OfContent) response.outputs().get(0);
        return new String(content.content().toByteArray(), UTF_8) + " "
                + response.details().status().orElse(0) + " "
                + response.details().reason() + " "
                + response.details().headers();
    }

    private final BatchSink sink = new BatchSink() {
        @Override
        public void part(int index, InferenceResponse part) {
            heard.add(index + " part " + shown(part));
        }

        @Override
        public void end(int index, Outcome outcome) {
            heard.add(index
                    + (outcome instanceof Outcome.Success success
                            ? " end " + shown(success.response())
                            : " failed " + ((Outcome.Failure) outcome).cause().code() + " "
                                    + ((Outcome.Failure) outcome).cause().safeMessage()));
        }

        @Override
        public boolean isWanted(int index) {
            return true;
        }
    };

    /** Seen to fail when the details are dropped, and when the first failure ends the batch. */
    @Test
    void handsOverPartsDetailsAndFailuresRequestByRequest() {
        try (LoadedModel model = RepliedModel.alone(RepliedModelTest::answer);
                ModelInstance instance = model.newInstance()) {
            ((StreamingInstance) instance).execute(batch("broken", "stream", "refused", "whole"), sink);
        }

        assertThat(heard)
                .containsExactly(
                        "0 failed ENGINE_FAILED Prediction failed",
                        "1 part a 299 odd {x=1}",
                        "1 part b 0  {}",
                        "1 end c 0  {}",
                        "2 failed HANDLER_REFUSED no",
                        "3 end whole 599  {y=2}");
    }

    @Test
    void keepsDetailsOfAnAnswerThatIsWaitedFor() {
        try (LoadedModel model = RepliedModel.alone(RepliedModelTest::answer);
                ModelInstance instance = model.newInstance()) {
            Outcome outcome = instance.execute(batch("whole")).get(0);

            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            Outcome.Success.class,
                            success -> assertThat(shown(success.response())).isEqualTo("whole 599  {y=2}"));
        }
    }
}
