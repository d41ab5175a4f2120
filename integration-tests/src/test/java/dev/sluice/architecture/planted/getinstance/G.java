// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.getinstance;

final class G {
    private G() {}

    static G getInstance() {
        return new G();
    }
}
