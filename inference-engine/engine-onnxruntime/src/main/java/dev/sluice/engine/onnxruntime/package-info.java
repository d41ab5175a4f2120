// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX models, run by ONNX Runtime through its own Java binding: input memory is read where it lies, and outputs are computed
 * into the memory they leave in wherever their shape is known before the call. What the binding cannot pass or read, wide
 * unsigned integers and unusual texts, goes through graphs of one node.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.onnxruntime.OnnxRuntimeProvider}; for one call, {@code OnnxInstance#run}; for
 * which outputs are computed in place, {@code OutputPlan}; for how small ones use the same memory again, {@code OutputShelf}.
 *
 * <p><b>Threads:</b> a session is shared by all instances of a model; an instance is used by one thread at a time and owns
 * every native tensor it makes, but for those under outputs, which come back from whichever thread releases the output last.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, {@code ai.djl}, or another engine. Nobody
 * imports this package; it is found by its service file.
 */
@NullMarked
package dev.sluice.engine.onnxruntime;

import org.jspecify.annotations.NullMarked;
