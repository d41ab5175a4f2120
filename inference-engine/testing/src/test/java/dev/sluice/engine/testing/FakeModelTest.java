// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Batch;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Shape;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FakeModelTest {
    private final TrackingAllocator allocator = new TrackingAllocator();
    private final ExecutorService instanceThread = Executors.newSingleThreadExecutor();

    @AfterEach
    void end() {
        instanceThread.shutdownNow();
        allocator.assertAllReleased();
    }

    @Test
    void echoesTensorsAndContent() {
        FakeModel model = new FakeModel(BatchScript.echo());
        DataBuffer text = allocator.allocate(3);
        Batch batch = new Batch(
                new ModelId("m", "1"),
                List.of(
                        request(new Input.OfTensor(TestTensors.floats(allocator, "x", Shape.of(2, 1), 1, 2))),
                        request(new Input.OfContent("body", "text/plain", text))));
        List<Outcome> outcomes = model.newInstance().execute(batch);
        batch.requests().forEach(InferenceRequest::release);

        Output first = output(outcomes.get(0));
        assertThat(TestTensors.floats(((Output.OfTensor) first).tensor())).containsExactly(1, 2);
        assertThat(((Output.OfContent) output(outcomes.get(1))).contentType()).isEqualTo("text/plain");
        outcomes.forEach(outcome -> ((Outcome.Success) outcome).response().release());
        assertThat(model.batchSizes()).containsExactly(2);
        assertThat(model.requests()).isEqualTo(2);
        assertThat(model.rows()).isEqualTo(3);
    }

    @Test
    void failsAsItIsTold() {
        ServingException cause = new ServingException(ErrorCode.INVALID_INPUT, "no");
        FakeModel model = new FakeModel(BatchScript.failEach(cause).times(1, BatchScript.throwing(() -> cause)));
        ModelInstance instance = model.newInstance();
        assertThat(instance.execute(batch(2))).containsExactly(new Outcome.Failure(cause), new Outcome.Failure(cause));
        assertThatThrownBy(() -> instance.execute(batch(1))).isSameAs(cause);
        model.follow(BatchScript.tooFew());
        assertThat(instance.execute(batch(2))).hasSize(1);
        model.follow(BatchScript.tooMany());
        assertThat(instance.execute(batch(2))).hasSize(3);
        assertThat(model.batchSizes()).containsExactly(2, 1, 2, 2);
    }

    @Test
    void holdsBatchesAtTheGate() throws Exception {
        Gate gate = new Gate();
        FakeModel model = new FakeModel(BatchScript.echo().behind(gate));
        Future<List<Outcome>> running =
                instanceThread.submit(() -> model.newInstance().execute(batch(1)));
        gate.awaitArrivals(1);
        assertThat(running).isNotDone();
        assertThat(model.mostRunning()).isEqualTo(1);
        gate.open();
        assertThat(running.get(30, TimeUnit.SECONDS)).hasSize(1);
    }

    @Test
    void seesNothingWrongInProperUse() {
        FakeModel model = new FakeModel(BatchScript.echo());
        try (ModelInstance instance = model.newInstance()) {
            instance.warmUp();
            instance.execute(batch(1));
            assertThat(model.instancesOpen()).isEqualTo(1);
        }
        model.close();
        assertThat(model.violations()).isEmpty();
        assertThat(model.warmUps()).isEqualTo(1);
        assertThat(model.instancesCreated()).isEqualTo(1);
        assertThat(model.instancesOpen()).isZero();
        assertThat(model.isClosed()).isTrue();
    }

    @Test
    void writesDownImproperUse() throws Exception {
        Gate gate = new Gate();
        FakeModel model = new FakeModel(BatchScript.echo().behind(gate));
        ModelInstance instance = model.newInstance();
        Future<?> running = instanceThread.submit(() -> instance.execute(batch(1)));
        gate.awaitArrivals(1);
        instance.warmUp();
        assertThat(model.violations()).singleElement().asString().startsWith("instance warmed up on thread");
        gate.open();
        running.get(30, TimeUnit.SECONDS);
        model.close();
        instance.close();
        instance.warmUp();
        model.close();
        model.newInstance();
        assertThat(model.violations())
                .contains(
                        "model closed while 1 instances were open",
                        "instance warmed up after it was closed",
                        "model closed twice",
                        "instance made of a closed model");
    }

    private static Batch batch(int size) {
        return new Batch(new ModelId("m", "1"), Collections.nCopies(size, request()));
    }

    private static InferenceRequest request(Input... inputs) {
        return new InferenceRequest(
                ModelRef.of("m"),
                List.of(inputs),
                List.of(),
                Map.of(),
                new RequestContext("r", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation()));
    }

    private static Output output(Outcome outcome) {
        return ((Outcome.Success) outcome).response().outputs().get(0);
    }
}
