// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;

/** One declared input or output; an open dimension ({@link Shape#ANY}) takes any size. */
public record TensorSpec(String name, DataType type, Shape shape) {}
