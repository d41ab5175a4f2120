// SPDX-License-Identifier: Apache-2.0
/**
 * One request and its answer, whatever protocol they came by.
 *
 * <p><b>Start here:</b> {@link dev.sluice.inference.InferenceRequest}, {@link dev.sluice.inference.ResponseSink},
 * {@link dev.sluice.inference.ServingException}.
 *
 * <p><b>Threads:</b> all types are immutable but {@link dev.sluice.inference.Cancellation}, which any thread may trip.
 *
 * <p><b>May not import:</b> anything but {@code tensor} and {@code model}. HTTP, gRPC, JSON and engines are unknown here.
 */
@NullMarked
package dev.sluice.inference;

import org.jspecify.annotations.NullMarked;
