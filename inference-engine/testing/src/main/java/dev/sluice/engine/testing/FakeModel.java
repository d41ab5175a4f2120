// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.inference.Input;
import dev.sluice.model.Signature;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A model that does what a {@link BatchScript} says and remembers what was asked of it, for tests of everything that runs
 * models. It watches its callers too: what they may not do, such as running one instance on two threads, is written down in
 * {@link #violations()}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class FakeModel implements LoadedModel {
    private final Signature signature;
    private final List<Batch> batches = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final AtomicInteger created = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger warmUps = new AtomicInteger();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger mostRunning = new AtomicInteger();

    /** Written by the test's thread, read by instance threads. */
    private volatile BatchScript script;

    /** Written by whichever thread closes the model. */
    private volatile boolean closed;

    public FakeModel(BatchScript script) {
        this(Signature.UNDECLARED, script);
    }

    public FakeModel(Signature signature, BatchScript script) {
        this.signature = signature;
        this.script = script;
    }

    /** From the next batch on, do this instead. */
    public void follow(BatchScript next) {
        script = next;
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public ModelInstance newInstance() {
        if (closed) {
            violations.add("instance made of a closed model");
        }
        created.incrementAndGet();
        open.incrementAndGet();
        return new FakeInstance(this);
    }

    @Override
    public void close() {
        if (closed) {
            violations.add("model closed twice");
        }
        if (open.get() > 0) {
            violations.add("model closed while " + open.get() + " instances were open");
        }
        closed = true;
    }

    /** Batches started so far, in that order. Their requests may have been released since. */
    public List<Batch> batches() {
        return List.copyOf(batches);
    }

    /** Sizes of {@link #batches()}. */
    public List<Integer> batchSizes() {
        return batches.stream().map(Batch::size).toList();
    }

    /** Requests in all batches so far. */
    public int requests() {
        return batches.stream().mapToInt(Batch::size).sum();
    }

    /** Rows in all batches so far: the outermost dimension of each request's first tensor, 1 for content. */
    public long rows() {
        return batches.stream()
                .flatMap(batch -> batch.requests().stream())
                .mapToLong(request -> request.inputs().stream()
                        .findFirst()
                        .map(FakeModel::rows)
                        .orElse(1L))
                .sum();
    }

    /** Most batches that ran at one time. */
    public int mostRunning() {
        return mostRunning.get();
    }

    public int instancesCreated() {
        return created.get();
    }

    public int instancesOpen() {
        return open.get();
    }

    public int warmUps() {
        return warmUps.get();
    }

    public boolean isClosed() {
        return closed;
    }

    /** What callers did that the contract of {@link LoadedModel} and {@link ModelInstance} forbids. */
    public List<String> violations() {
        return List.copyOf(violations);
    }

    BatchScript script() {
        return script;
    }

    void started(Batch batch) {
        batches.add(batch);
        mostRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
    }

    void ended() {
        running.decrementAndGet();
    }

    void warmedUp() {
        warmUps.incrementAndGet();
    }

    void instanceClosed() {
        open.decrementAndGet();
    }

    void violated(String rule) {
        violations.add(rule);
    }

    private static long rows(Input input) {
        return input instanceof Input.OfTensor tensor && tensor.tensor().shape().rank() > 0
                ? tensor.tensor().shape().dimension(0)
                : 1;
    }
}
