// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.engineviews.engine.one;

import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;

public final class E {
    private E() {}

    static ByteBuffer address(DataBuffer data) {
        return data.view();
    }
}
