// SPDX-License-Identifier: Apache-2.0
/**
 * TorchScript models, run by libtorch through DJL's binding. Of DJL only the binding is used: none of its model zoo, its
 * translators, its predictors or its downloads.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.djl.PyTorchProvider}, which switches off what DJL does unasked; for one call,
 * {@code TorchCall}.
 *
 * <p><b>Threads:</b> a module is shared by all instances of a model; an instance is used by one thread at a time, and
 * everything native that a call makes is freed when the call ends.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or another engine. Nobody imports this
 * package, it is found by its service file; and no other package imports {@code ai.djl}.
 */
@NullMarked
package dev.sluice.engine.djl;

import org.jspecify.annotations.NullMarked;
