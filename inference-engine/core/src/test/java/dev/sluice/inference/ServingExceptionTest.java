// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ServingExceptionTest {
    private final ServingException ours = new ServingException(ErrorCode.OVERLOADED, "full");

    /** Planted: from() that does not unwrap; every staged failure became INTERNAL. */
    @Test
    void findsItselfUnderWhatStagesWrapAroundIt() {
        assertThat(ServingException.from(ours)).isSameAs(ours);
        assertThat(ServingException.from(new CompletionException(new ExecutionException(ours))))
                .isSameAs(ours);
    }

    /** Planted: refusals with a stack; they cost as much as the answers they spare. */
    @Test
    void refusalsHaveNoStackAndCannotBeChangedSoThatManyMayShareOne() {
        for (ServingException refusal : List.of(
                ServingException.refusal(ErrorCode.CANCELLED, "gone"),
                new ServingException(ErrorCode.OVERLOADED, "full", Duration.ofSeconds(1)))) {
            refusal.addSuppressed(new IllegalStateException());

            assertThat(refusal.getStackTrace()).isEmpty();
            assertThat(refusal.getSuppressed()).isEmpty();
            assertThat(refusal).hasNoCause();
        }
        assertThat(new ServingException(ErrorCode.ENGINE_FAILED, "broken").getStackTrace())
                .isNotEmpty();
    }

    @Test
    void tellsClientsNothingOfForeignFailures() {
        RuntimeException foreign = new IllegalStateException("/home/secret");
        ServingException failure = ServingException.from(foreign);

        assertThat(failure.code()).isEqualTo(ErrorCode.INTERNAL);
        assertThat(failure.safeMessage()).doesNotContain("secret");
        assertThat(failure).hasCause(foreign);
        assertThat(ServingException.from(new OutOfMemoryError()).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    }
}
