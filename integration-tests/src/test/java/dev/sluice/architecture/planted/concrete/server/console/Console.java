// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.concrete.server.console;

import dev.sluice.architecture.planted.concrete.server.protocol.one.One;

public record Console(One one) {}
