// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX models, run by ONNX Runtime through its own Java binding: input memory is read where it lies, and outputs are computed
 * into the memory they leave in wherever their shape is known before the call.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.onnxruntime.OnnxRuntimeProvider}; for one call,
 * {@code OnnxInstance#run}; for which outputs are computed in place, {@code OutputPlan}.
 *
 * <p><b>Threads:</b> a session is shared by all instances of a model; an instance is used by one thread at a time and owns
 * every native tensor it makes.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, {@code ai.djl}, or another engine. Nobody
 * imports this package; it is found by its service file.
 */
@NullMarked
package dev.sluice.engine.onnxruntime;

import org.jspecify.annotations.NullMarked;
