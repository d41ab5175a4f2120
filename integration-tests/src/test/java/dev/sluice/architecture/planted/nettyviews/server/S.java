// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.nettyviews.server;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

public final class S {
    private S() {}

    static ByteBuffer view(ByteBuf buffer) {
        return buffer.nioBuffer();
    }
}
