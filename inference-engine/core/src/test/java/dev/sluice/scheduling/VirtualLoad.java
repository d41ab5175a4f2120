// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.fixture.Numbers;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * An open load of single rows on the real queue, wheel and runner, with instances whose batches take {@code alpha + beta * rows},
 * give or take a tenth, on one thread and a clock of its own.
 */
final class VirtualLoad {
    private static final ModelId ID = new ModelId("m", "1.0");
    private static final int CAPACITY = 500;

    private final Engine engine;
    private final SplittableRandom random;
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final PriorityQueue<Event> events = new PriorityQueue<>(
            Comparator.<Event>comparingLong(event -> event.at).thenComparingLong(event -> event.order));
    private final List<Long> latencies = new ArrayList<>();
    private final RequestQueue queue;
    private final BatchRunner runner;

    // Written by the one thread there is.
    private long now;
    private long order;
    private long refused;
    private long batches;

    /** How long batches take, and how many instances there are. */
    record Engine(double alphaNanos, double betaNanos, int instances) {
        double nanos(int rows) {
            return alphaNanos + betaNanos * rows;
        }

        /** Most rows of which two batches fit into {@code targetNanos}. */
        int bestRows(long targetNanos, int most) {
            int rows = (int) ((targetNanos / 2.0 - alphaNanos) / betaNanos);
            return Math.max(1, Math.min(rows, most));
        }

        /** Rows in a nanosecond when all instances run batches of {@code rows}. */
        double throughput(int rows) {
            return instances * rows / nanos(rows);
        }
    }

    /** What came of it: {@code latencies} from submitting to answering, in order. */
    record Result(List<Long> latencies, long refused, double answeredPerNano, double meanRows) {
        long percentile(double share) {
            return latencies.get((int) Math.min(latencies.size() - 1, latencies.size() * share));
        }
    }

    private record Event(long at, long order, Runnable action) {}

    VirtualLoad(Engine engine, BatchSpec batching, long seed) {
        this.engine = engine;
        this.random = new SplittableRandom(seed);
        BatchPolicy policy = BatchPolicy.of(batching);
        TimerWheel wheel = new TimerWheel(0, () -> {});
        ServiceTimes times = new ServiceTimes();
        QueueBounds bounds = new QueueBounds(CAPACITY, CAPACITY, Long.MAX_VALUE);
        queue = new RequestQueue(
                new RequestQueue.Settings("m", bounds, PrioritySpec.NONE, batching.sizes(), false),
                policy,
                times,
                wheel,
                () -> now,
                () -> {});
        runner = new BatchRunner(
                ID, policy, times, (id, size, waited, ran) -> {}, () -> now, wheel, BatchRunner.UNLIMITED);
    }

    /** Lets {@code requests} come at random, {@code perNano} on average, and counts all but the first tenth, while it learns. */
    Result run(int requests, double perNano) {
        for (int i = 0; i < engine.instances(); i++) {
            Puppet puppet = new Puppet();
            queue.join(puppet);
            in(0, puppet::ask);
        }
        double at = 0;
        for (int i = 0; i < requests; i++) {
            at += -Math.log(1 - random.nextDouble()) / perNano;
            int number = i;
            in((long) at, () -> submit(number, number >= requests / 10));
        }
        long countedFrom = (long) (at / 10);
        while (!events.isEmpty()) {
            Event next = events.poll();
            now = next.at;
            next.action.run();
        }
        latencies.sort(null);
        double answered = latencies.size() / (double) (now - countedFrom);
        return new Result(latencies, refused, answered, (requests - refused) / (double) batches);
    }

    private void in(long nanos, Runnable action) {
        events.add(new Event(now + nanos, order++, action));
    }

    private void submit(int number, boolean counts) {
        long submitted = now;
        ResponseSink sink = new ResponseSink() {
            @Override
            public void part(InferenceResponse part) {
                throw new AssertionError("a part");
            }

            @Override
            public void complete(InferenceResponse response) {
                response.release();
                if (counts) {
                    latencies.add(now - submitted);
                }
            }

            @Override
            public void fail(ServingException failure) {
                throw failure;
            }
        };
        try {
            queue.submit(numbers.request(number), sink);
        } catch (ServingException overloaded) {
            refused++;
        }
    }

    /** An instance without a thread. */
    private final class Puppet extends Taker {
        private boolean isAsleep;
        private int naps;

        @Override
        void wake() {
            if (isAsleep) {
                isAsleep = false;
                in(0, this::ask);
            }
        }

        private void ask() {
            Formation formation = queue.form(this);
            if (formation instanceof Formation.Formed formed) {
                run(formed);
                return;
            }
            isAsleep = true;
            int nap = ++naps;
            long until = ((Formation.Sleep) formation).untilNanos();
            if (until != TimerWheel.NEVER) {
                in(Math.max(0, until - now), () -> {
                    if (isAsleep && naps == nap) {
                        isAsleep = false;
                        ask();
                    }
                });
            }
        }

        private void run(Formation.Formed formed) {
            batches++;
            BatchRunner.Call call = runner.begin(formed, () -> {});
            double noise = 0.9 + 0.2 * random.nextDouble();
            in((long) (engine.nanos(formed.engineRows()) * noise), () -> {
                call.succeed(call.batch().requests().stream()
                        .map(request -> numbers.answer(ID, request))
                        .toList());
                ask();
            });
        }
    }
}
