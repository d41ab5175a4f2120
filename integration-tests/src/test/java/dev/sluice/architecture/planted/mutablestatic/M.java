// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.mutablestatic;

final class M {
    @SuppressWarnings("NonFinalStaticField") // planted
    static int counter;

    private M() {}
}
