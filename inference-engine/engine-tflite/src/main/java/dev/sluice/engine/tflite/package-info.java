// SPDX-License-Identifier: Apache-2.0
/**
 * TF Lite models, run by TF Lite's C++ interpreter through JavaCPP's binding: its C interface computes the same without XNNPACK,
 * five times slower (engines.md section 3.5). Inputs are copied once, into the interpreter's own memory, outputs once, out of it.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.tflite.TfLiteProvider}; for one call, {@code TfLiteInstance#run}; for how many
 * rows a model takes, {@code RowProbe}.
 *
 * <p><b>Threads:</b> the model's bytes are shared by all instances; an instance has interpreters of its own, and is used by one
 * thread at a time.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or another engine. Nobody imports this
 * package; it is found by its service file.
 */
@NullMarked
package dev.sluice.engine.tflite;

import org.jspecify.annotations.NullMarked;
