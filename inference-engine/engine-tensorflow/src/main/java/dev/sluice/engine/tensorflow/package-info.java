// SPDX-License-Identifier: Apache-2.0
/**
 * TensorFlow's SavedModels, run by TensorFlow through its C interface, which JavaCPP binds. The classes of tensorflow-java above
 * that interface keep count of every tensor and copy every shape; nothing here needs them (measured by
 * {@code TensorFlowCost}).
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.tensorflow.TensorFlowProvider}; for one call, {@code TensorFlowInstance#run};
 * for which signature is served, {@code ServedSignature}.
 *
 * <p><b>Threads:</b> a session is shared by all instances of a model; an instance is used by one thread at a time and owns every
 * native tensor it makes. Operators run on the thread that calls.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or another engine. Nobody imports this
 * package; it is found by its service file.
 */
@NullMarked
package dev.sluice.engine.tensorflow;

import org.jspecify.annotations.NullMarked;
