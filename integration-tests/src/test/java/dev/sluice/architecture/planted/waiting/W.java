// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.waiting;

import java.util.concurrent.CompletableFuture;

record W() {
    void hang(CompletableFuture<Void> future) {
        Void unused = future.join();
    }
}
