// SPDX-License-Identifier: Apache-2.0
/**
 * What tests stand on: a model that does as it is told, memory that counts what was not given back, and the contract every
 * engine has to meet.
 *
 * <p><b>Start here:</b> to test what calls models, {@link dev.sluice.engine.testing.FakeModel}; to test an engine, extend
 * {@link dev.sluice.engine.testing.EngineContractTest}; for anything that owns tensors,
 * {@link dev.sluice.engine.testing.TrackingAllocator}.
 *
 * <p><b>Threads:</b> everything may be looked at from the test's thread while other threads run it.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or any engine. Main code may not import
 * this package.
 */
@NullMarked
package dev.sluice.engine.testing;

import org.jspecify.annotations.NullMarked;
