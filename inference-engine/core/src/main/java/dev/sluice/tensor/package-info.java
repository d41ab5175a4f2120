// SPDX-License-Identifier: Apache-2.0
/**
 * Typed, shaped, reference-counted bytes: the only form in which numbers travel between a socket and an engine.
 *
 * <p><b>Start here:</b> {@link dev.sluice.tensor.Tensor}, {@link dev.sluice.tensor.DataBuffer},
 * {@link dev.sluice.tensor.BufferAllocator}; for how much of them there may be, {@link dev.sluice.tensor.MemoryBudget}.
 *
 * <p><b>Threads:</b> everything is immutable but counts and the bytes themselves; counts may be changed from any thread, bytes
 * are written by their first owner only, before the tensor is handed on.
 *
 * <p><b>May not import:</b> any other package of Sluice. Models, wire formats and engines are unknown here.
 */
@NullMarked
package dev.sluice.tensor;

import org.jspecify.annotations.NullMarked;
