// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.immutable.model;

final class M {
    int size;
}
