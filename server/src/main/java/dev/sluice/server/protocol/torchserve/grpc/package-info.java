// SPDX-License-Identifier: Apache-2.0
/**
 * TorchServe's gRPC services: predictions read and written here, management handed to the REST endpoints, which have the texts.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.protocol.torchserve.grpc.TorchServeGrpc}; for one prediction,
 * {@code PredictionCall}; for streams of sequences, {@code SequenceCall}; for every status, {@code Refusal}.
 *
 * <p><b>Threads:</b> calls run on event loops and answers come from carriers. What belongs to one call's answer is confined to
 * its {@link io.grpc.SynchronizationContext}, which lets one thread at a time run and makes nobody wait.
 *
 * <p><b>May not import:</b> a transport, {@code engine}, or another protocol.
 */
@NullMarked
package dev.sluice.server.protocol.torchserve.grpc;

import org.jspecify.annotations.NullMarked;
