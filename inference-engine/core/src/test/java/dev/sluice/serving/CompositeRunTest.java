// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.serving.CompositeGraph.Source;
import dev.sluice.serving.CompositeGraph.Step;
import dev.sluice.serving.CompositeGraph.Wire;
import dev.sluice.tensor.DataBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Faults between the steps, which no step answers for. */
class CompositeRunTest {
    private static final ModelId ID = new ModelId("composed", "1");

    private final Numbers numbers = new Numbers(ModelRef.of("composed"));
    private final RecordingObserver observer = new RecordingObserver();
    private final InferenceService nothingThere = new InferenceService(new ModelRegistry(), observer, new FakeTicker());
    private final List<Outcome> outcomes = new ArrayList<>();

    /** Steps that each read one input of the request, in this order; no model answers them. */
    private static CompositeGraph graph(int maxInFlight, String... inputs) {
        Map<String, Step> steps = new LinkedHashMap<>();
        List<Wire> outputs = new ArrayList<>();
        for (String input : inputs) {
            steps.put(
                    "read-" + input,
                    new Step(ModelRef.of("nothing"), List.of(new Wire("n", Source.parse("request." + input)))));
            outputs.add(new Wire(input, Source.parse("read-" + input)));
        }
        return new CompositeGraph(steps, outputs, maxInFlight, 1000);
    }

    private InferenceRequest request(DataBuffer sound, DataBuffer freed) {
        InferenceRequest like = numbers.request(1);
        like.release();
        return new InferenceRequest(
                like.model(),
                List.of(new Input.OfContent("sound", "", sound), new Input.OfContent("freed", "", freed)),
                List.of(),
                Map.of(),
                like.context());
    }

    private static ErrorCode code(Outcome outcome) {
        return ((Outcome.Failure) outcome).cause().code();
    }

    /** Seen to fail when only failures of our own ended a run: start() threw, and nobody heard of the request again. */
    @Test
    void aFaultWhileAStepIsMadeEndsTheRunOnceAndAsksForNoStep() {
        DataBuffer sound = numbers.buffer(1);
        DataBuffer freed = numbers.buffer(2);
        freed.release();

        new CompositeRun(ID, graph(1, "sound", "freed"), request(sound, freed), 1, nothingThere, outcomes::add).start();

        assertThat(outcomes).hasSize(1);
        assertThat(code(outcomes.get(0))).isEqualTo(ErrorCode.INTERNAL);
        assertThat(observer.finished()).isEmpty();
        assertThat(sound.references()).as("only the request's own").isEqualTo(1);
    }

    /** Seen to fail when a permit was given back by the end of a run alone, and a fault kept that from coming. */
    @Test
    void aFaultKeepsNoPermitAndNotTheNextRequestOfTheBatch() {
        DataBuffer sound = numbers.buffer(1);
        DataBuffer freed = numbers.buffer(2);
        freed.release();
        InferenceRequest faulty = request(sound, freed);

        execute(graph(1, "sound", "freed"), new Batch(ID, List.of(faulty, faulty, faulty)), outcomes::add);

        assertThat(outcomes)
                .hasSize(3)
                .allSatisfy(outcome -> assertThat(code(outcome)).isEqualTo(ErrorCode.INTERNAL));
    }

    /** Seen to fail when what the listener threw went on to whoever ended the step, here to the call itself. */
    @Test
    void aListenerThatThrowsKeepsNoPermitAndNotTheNextRequestOfTheBatch() {
        Batch batch = new Batch(ID, List.of(numbers.request(1), numbers.request(2)));

        execute(graph(1, "number"), batch, outcome -> {
            outcomes.add(outcome);
            throw new LinkageError("planned");
        });

        assertThat(outcomes)
                .hasSize(2)
                .allSatisfy(outcome -> assertThat(code(outcome)).isEqualTo(ErrorCode.MODEL_UNAVAILABLE));
        batch.requests().forEach(InferenceRequest::release);
        assertThat(numbers.buffersOut()).isZero();
    }

    private void execute(CompositeGraph graph, Batch batch, Consumer<Outcome> onEnd) {
        try (StreamingInstance instance = (StreamingInstance) new CompositeModel(graph, nothingThere).newInstance()) {
            instance.execute(batch, new BatchSink() {
                @Override
                public void part(int index, InferenceResponse part) {
                    part.release();
                }

                @Override
                public void end(int index, Outcome outcome) {
                    onEnd.accept(outcome);
                }

                @Override
                public boolean isWanted(int index) {
                    return true;
                }
            });
        }
    }
}
