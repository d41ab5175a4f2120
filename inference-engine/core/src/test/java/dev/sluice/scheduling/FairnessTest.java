// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.RecordingSink;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Shares of tenants that all want more than they get, on one thread; the seed is in the message. */
class FairnessTest {
    private static final long SEEDS = Math.max(1, Long.getLong("sluice.simulation.seeds", 100_000) / 100);

    private static final class Puppet extends Taker {
        @Override
        void wake() {}
    }

    private static RequestQueue queue(int maxRows, PrioritySpec priorities, long[] now) {
        return new RequestQueue(
                new RequestQueue.Settings("m", QueueBounds.ofRequests(100_000, maxRows, Long.MAX_VALUE), priorities),
                new SizeOrDelayPolicy(new BatchSpec(maxRows, Duration.ZERO)),
                new ServiceTimes(),
                new TimerWheel(0, () -> {}),
                () -> now[0],
                () -> {});
    }

    private static InferenceRequest request(
            String tenant, int rows, int width, int priority, Cancellation cancellation) {
        Tensor tensor = new Tensor("x", DataType.UINT8, Shape.of(rows, width), DataBuffer.wrap(new byte[rows * width]));
        RequestContext context =
                new RequestContext("", "test", 0, RequestContext.NO_DEADLINE, Map.of(), cancellation, tenant, priority);
        return new InferenceRequest(
                ModelRef.of("m"), List.of(new Input.OfTensor(tensor)), List.of(), Map.of(), context);
    }

    /** Planted: fillers from any tenant, however far ahead; the other then got seven rows for each of the first. */
    @Test
    void i10LetsNobodyFillTheBatchesOfAnotherForEver() {
        RequestQueue queue = queue(8, PrioritySpec.NONE, new long[1]);
        for (int width = 1; width <= 50; width++) {
            queue.submit(request("various", 1, width, 0, new Cancellation()), new RecordingSink());
            for (int i = 0; i < 7; i++) {
                queue.submit(request("alike", 1, width, 0, new Cancellation()), new RecordingSink());
            }
        }
        Puppet puppet = new Puppet();
        long various = 0;
        long alike = 0;
        while (various < 50) {
            for (PendingRequest member : ((Formation.Formed) queue.form(puppet)).members()) {
                boolean isVarious = "various".equals(member.tenant());
                various += isVarious ? 1 : 0;
                alike += isVarious ? 0 : 1;
            }
            assertThat(Math.abs(alike - various)).isLessThanOrEqualTo(16);
        }
        queue.close(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end"));
    }

    /** Planted: batches that are not charged; the turn in the order of arrival. */
    @Test
    void i10KeepsBackloggedTenantsWithinOneQuantumAndOneBatch() {
        for (long seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int maxRows = 2 + random.nextInt(7);
            int tenants = 2 + random.nextInt(3);
            int shapes = 1 + random.nextInt(3);
            RequestQueue queue = queue(maxRows, PrioritySpec.NONE, new long[1]);
            long[] served = new long[tenants];
            long[] backlog = new long[tenants];
            for (int i = 0; i < 200 * tenants; i++) {
                // The first sends most of them, and each prefers shapes of its own.
                boolean isEven = i < 40 * tenants;
                boolean isFirst = random.nextInt(10) < 8;
                int late = isFirst ? 0 : random.nextInt(tenants);
                int tenant = isEven ? i % tenants : late;
                int rows = 1 + random.nextInt(random.nextInt(4) == 0 ? maxRows : 1);
                int width = random.nextBoolean() ? 1 + tenant % shapes : 1 + random.nextInt(shapes);
                Cancellation gone = new Cancellation();
                queue.submit(request("t" + tenant, rows, width, 0, gone), new RecordingSink());
                if (random.nextInt(8) == 0) {
                    gone.cancel();
                } else {
                    backlog[tenant] += rows;
                }
            }
            Puppet puppet = new Puppet();
            while (Arrays.stream(backlog).allMatch(rows -> rows > 0)) {
                for (PendingRequest member : ((Formation.Formed) queue.form(puppet)).members()) {
                    int tenant = Integer.parseInt(member.tenant().substring(1));
                    served[tenant] += member.rows();
                    backlog[tenant] -= member.rows();
                }
                long most = Arrays.stream(served).max().orElseThrow();
                long fewest = Arrays.stream(served).min().orElseThrow();
                assertThat(most - fewest)
                        .as("seed %s: %s of at most %s rows a batch", seed, Arrays.toString(served), maxRows)
                        .isLessThanOrEqualTo(2L * maxRows);
            }
            queue.close(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end"));
        }
    }

    /** Planted: no ageing; requests of the lowest level then waited as long as there were others. */
    @Test
    void i10ServesEveryAgedRequestWithinABoundHoweverManyComeBeforeIt() {
        long ageing = Duration.ofMillis(10).toNanos();
        for (long seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] now = new long[1];
            RequestQueue queue = queue(2, new PrioritySpec(3, 3, Duration.ofNanos(ageing)), now);
            queue.submit(request("t", 1, 1, 3, new Cancellation()), new RecordingSink());
            Puppet puppet = new Puppet();
            boolean isServed = false;
            int others = 0;
            // Twice as many come as leave, all above it, and it rises to the top in two steps.
            while (!isServed) {
                now[0] += Duration.ofMillis(1).toNanos();
                for (int i = 0; i < 4; i++) {
                    queue.submit(request("t", 1, 2, 1 + random.nextInt(2), new Cancellation()), new RecordingSink());
                    others++;
                }
                isServed = ((Formation.Formed) queue.form(puppet))
                        .members().stream()
                                .anyMatch(member -> member.request().context().priority() == 3);
                // All that came before it had risen are 80; they leave by two a millisecond.
                assertThat(others).as("seed %s", seed).isLessThanOrEqualTo(4 * (20 + 80 / 2 + 1));
            }
            queue.close(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end"));
        }
    }
}
