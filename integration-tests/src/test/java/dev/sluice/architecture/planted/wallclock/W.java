// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.wallclock;

record W() {
    long now() {
        return System.currentTimeMillis();
    }
}
