// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.BatchingScheduler;
import dev.sluice.scheduling.SizeOrDelayPolicy;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ModelRegistryTest {
    private final ModelRegistry registry = new ModelRegistry();

    /** A version that serves, without the lifecycle. */
    private static ModelVersion ready(String version) {
        ModelId id = new ModelId("m", version);
        ModelVersion made = new ModelVersion(Specs.spec(id, 1));
        ScriptedModel model = ScriptedModel.answering(new Numbers(ModelRef.of("m")));
        BatchingScheduler scheduler = new BatchingScheduler(
                id,
                model,
                new SizeOrDelayPolicy(made.spec().batching()),
                1,
                (ran, size, queueNanos, computeNanos) -> {},
                () -> 0,
                () -> Instant.EPOCH);
        made.state(new ModelState.Ready(new RunningModel(id, model, scheduler, new LeaseCounter())));
        return made;
    }

    /** The lifecycle's order: first out of the registry, then no more leases. */
    private void remove(ModelVersion version) {
        registry.remove(version.id());
        RunningModel running = ((ModelState.Ready) version.state()).running();
        version.state(new ModelState.Draining(running));
        var unused = running.leases().close();
    }

    private ErrorCode refusal(ModelRef ref) {
        try (ModelHandle handle = registry.acquire(ref)) {
            throw new AssertionError("expected a refusal, but got: " + handle.id());
        } catch (ServingException e) {
            return e.code();
        }
    }

    @Test
    void resolvesTheDefaultAndExactVersions() {
        registry.add(ready("1"));
        registry.add(ready("2"));

        assertThat(registry.acquire(ModelRef.of("m")).id().version()).isEqualTo("1");
        assertThat(registry.acquire(ModelRef.of("m", "2")).id().version()).isEqualTo("2");
        registry.setDefault(new ModelId("m", "2"));
        assertThat(registry.acquire(ModelRef.of("m")).id().version()).isEqualTo("2");
        assertThat(refusal(ModelRef.of("m", "3"))).isEqualTo(ErrorCode.VERSION_NOT_FOUND);
        assertThat(refusal(ModelRef.of("x"))).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
    }

    @Test
    void givesBackTheLeaseOfAHandleThatIsClosed() {
        ModelVersion version = ready("1");
        registry.add(version);
        LeaseCounter leases = ((ModelState.Ready) version.state()).running().leases();

        try (ModelHandle handle = registry.acquire(ModelRef.of("m"))) {
            assertThat(handle.id()).isEqualTo(version.id());
            assertThat(leases.count()).isEqualTo(1);
        }
        assertThat(leases.count()).isZero();
    }

    @Test
    void forgetsTheNameWithItsLastVersionAndShowsSnapshotsThatDoNotChange() {
        ModelVersion only = ready("1");
        registry.add(only);
        Map<String, ModelVersions> before = registry.models();
        registry.remove(only.id());

        assertThat(registry.models()).isEmpty();
        assertThat(before).containsOnlyKeys("m");
        assertThatThrownBy(before::clear).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void versionsAlwaysHoldTheirDefault() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ModelVersions("1", false, new TreeMap<>(), new TreeMap<>()))
                .withMessage("defaultVersion: 1 (expected: one of [])");
    }

    /** Planted: acquire() that tries once; a request that had looked up the old version was refused though the new one served. */
    @Test
    void aSwapOfTheDefaultVersionRefusesNobody() throws Exception {
        ModelVersion current = ready("0");
        registry.add(current);
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Integer> asker = CompletableFuture.supplyAsync(() -> {
            int handles = 0;
            while (!stop.get()) {
                registry.acquire(ModelRef.of("m")).close();
                handles++;
            }
            return handles;
        });
        for (int i = 1; i <= 20_000 && !asker.isDone(); i++) {
            ModelVersion next = ready(Integer.toString(i));
            registry.add(next);
            registry.setDefault(next.id());
            remove(current);
            current = next;
        }
        stop.set(true);

        assertThat(asker.get(10, TimeUnit.SECONDS)).isPositive();
    }
}
