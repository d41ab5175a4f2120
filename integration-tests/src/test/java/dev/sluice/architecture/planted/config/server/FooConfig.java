// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.config.server;

final class FooConfig {
    private FooConfig() {}
}
