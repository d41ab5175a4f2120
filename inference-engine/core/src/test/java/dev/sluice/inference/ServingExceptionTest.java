// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

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
