// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.siblings.server.protocol.two;

import dev.sluice.architecture.planted.siblings.server.protocol.one.One;

public record Two(One one) {}
