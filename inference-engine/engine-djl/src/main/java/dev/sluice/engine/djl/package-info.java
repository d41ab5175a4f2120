// SPDX-License-Identifier: Apache-2.0
/**
 * TorchScript models, run by libtorch through DJL's binding. Of DJL only the binding's native methods are used, and what loads a
 * module: none of its model zoo, its translators, its predictors or its downloads. docs/engines-notes/pytorch.md says what is run, how
 * inputs and outputs are named, and what whoever runs a server should know.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.djl.PyTorchProvider}, which switches off what DJL does unasked; for one call,
 * {@code TorchInstance}, and around it {@code TorchInputs}, {@code TorchOutputs} and {@code TorchNatives}.
 *
 * <p><b>Threads:</b> a module is shared by all instances of a model; an instance is used by one thread at a time. What is native and a
 * call's own is in its {@code TorchScope} and freed when the call ends; an instance keeps small inputs' {@code TorchSlots}. What libtorch
 * keeps for each calling thread, {@code TorchThreads} sets.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or another engine. Nobody imports this
 * package, it is found by its service file; and but for {@code engine.djl.generic} no other package imports {@code ai.djl}.
 */
@NullMarked
package dev.sluice.engine.djl;

import org.jspecify.annotations.NullMarked;
