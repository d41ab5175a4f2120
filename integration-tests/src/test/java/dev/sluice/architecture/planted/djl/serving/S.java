// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.djl.serving;

import ai.djl.ndarray.NDArray;

public record S(NDArray array) {}
