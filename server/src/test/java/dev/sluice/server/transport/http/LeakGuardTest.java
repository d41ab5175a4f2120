// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class LeakGuardTest {
    @Test
    void reportsBufferThatWasForgotten() {
        LeakGuard guard = new LeakGuard();
        guard.watch();

        PooledByteBufAllocator.DEFAULT.directBuffer(64);

        Awaitility.await().untilAsserted(() -> assertThat(guard.leaksSoFar()).anyMatch(line -> line.contains("LEAK")));
    }
}
