// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.netty.serving;

import io.netty.buffer.ByteBuf;

public record S(ByteBuf buffer) {}
