// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.environment;

record E() {
    String home() {
        return String.valueOf(System.getenv("HOME"));
    }
}
