// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.concrete.server.protocol.one;

public record One() {}
