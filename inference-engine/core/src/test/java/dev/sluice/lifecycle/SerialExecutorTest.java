// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class SerialExecutorTest {
    private final Queue<Runnable> handedOver = new ArrayDeque<>();
    private final List<String> ran = new ArrayList<>();
    private final SerialExecutor executor = new SerialExecutor(handedOver::add);

    private CompletableFuture<String> submit(String key, String task) {
        return executor.submit(key, () -> {
            ran.add(task);
            return task;
        });
    }

    private void queue(String key, String task) {
        CompletableFuture<String> unused = submit(key, task);
    }

    private void runAll() {
        while (!handedOver.isEmpty()) {
            handedOver.remove().run();
        }
    }

    /** Planted: handing every task to the executor at once. */
    @Test
    void handsOverTheNextTaskOfAKeyOnlyAfterTheOneBefore() {
        queue("a", "a1");
        queue("a", "a2");
        queue("b", "b1");
        assertThat(handedOver).hasSize(2);

        runAll();
        assertThat(ran).containsExactly("a1", "b1", "a2");
    }

    @Test
    void goesOnAfterATaskThatFails() {
        CompletableFuture<Object> failed = executor.submit("a", () -> {
            throw new IllegalStateException("no");
        });
        CompletableFuture<String> next = submit("a", "a2");
        runAll();

        assertThatThrownBy(failed::join).hasRootCauseMessage("no");
        assertThat(next).isCompletedWithValue("a2");
    }

    /** Planted: a tail that is never removed; one that is removed though a later task is the tail now. */
    @Test
    void forgetsAKeyAfterItsLastTaskAndNotBefore() {
        queue("a", "a1");
        queue("a", "a2");
        handedOver.remove().run();
        assertThat(executor.keys()).isEqualTo(1);
        queue("a", "a3");
        runAll();

        assertThat(ran).containsExactly("a1", "a2", "a3");
        assertThat(executor.keys()).isZero();
    }

    @Test
    void runsWhatIsChainedToAResultBeforeTheNextTask() {
        CompletableFuture<Void> unused = submit("a", "a1").thenAccept(done -> ran.add("after " + done));
        queue("a", "a2");
        runAll();

        assertThat(ran).containsExactly("a1", "after a1", "a2");
    }

    /** Planted: a result that only the task completes; it never did. */
    @Test
    void failsATaskThatTheExecutorRejects() {
        SerialExecutor full = new SerialExecutor(task -> {
            throw new RejectedExecutionException("full");
        });

        for (int i = 0; i < 2; i++) {
            CompletableFuture<String> result = full.submit("a", () -> "never");
            assertThat(result).isCompletedExceptionally();
            assertThatThrownBy(result::join).hasRootCauseInstanceOf(RejectedExecutionException.class);
        }
        assertThat(full.keys()).isZero();
    }

    @Test
    void letsATaskSubmitAnotherOfItsKeyOnAnExecutorThatRunsTasksAtOnce() {
        SerialExecutor direct = new SerialExecutor(Runnable::run);
        List<String> order = new ArrayList<>();

        CompletableFuture<Boolean> outer = direct.submit("a", () -> {
            CompletableFuture<Boolean> unused = direct.submit("a", () -> order.add("inner"));
            return order.add("outer");
        });

        assertThat(outer).isCompletedWithValue(true);
        assertThat(order).containsExactly("outer", "inner");
    }
}
