// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class LeaseCounterTest {
    private final LeaseCounter leases = new LeaseCounter();

    @Test
    void drainsWhenTheLastLeaseIsBack() {
        leases.tryAcquire();
        leases.tryAcquire();
        var drained = leases.close().toCompletableFuture();

        assertThat(leases.tryAcquire()).isFalse();
        leases.release();
        assertThat(drained).isNotDone();
        assertThat(leases.count()).isEqualTo(1);
        leases.release();
        assertThat(drained).isCompleted();
    }

    @Test
    void drainsAtOnceWithoutLeasesAndClosesAgainWithoutHarm() {
        assertThat(leases.close().toCompletableFuture()).isCompleted();
        assertThat(leases.close().toCompletableFuture()).isCompleted();
        assertThat(leases.count()).isZero();
    }

    /** Planted: decrementing before the check; a surplus release then left a closed counter open. */
    @Test
    void refusesASurplusReleaseAndStaysAsItWas() {
        assertThatIllegalStateException().isThrownBy(leases::release);
        assertThat(leases.count()).isZero();
        assertThat(leases.tryAcquire()).isTrue();
        leases.release();

        leases.close();
        assertThatIllegalStateException().isThrownBy(leases::release);
        assertThat(leases.tryAcquire()).isFalse();
        assertThat(leases.count()).isZero();
    }
}
