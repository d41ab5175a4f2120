// SPDX-License-Identifier: Apache-2.0
/**
 * Codecs of TorchServe's REST interface: bodies to inputs, outputs and failures to responses, management calls to the control
 * plane and back.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.protocol.torchserve.rest.PredictionHandler} and
 * {@link dev.sluice.server.protocol.torchserve.rest.InputCodec} for predictions;
 * {@link dev.sluice.server.protocol.torchserve.rest.ModelHandlers} for management;
 * {@link dev.sluice.server.protocol.torchserve.rest.ApiDescriptions} for documents of the interface itself;
 * {@link dev.sluice.server.protocol.torchserve.rest.TorchServeErrors} for every error body.
 *
 * <p><b>Threads:</b> everything here is safe from any thread and keeps no state between requests.
 *
 * <p><b>May not import:</b> a transport, {@code engine}, or another protocol.
 */
@NullMarked
package dev.sluice.server.protocol.torchserve.rest;

import org.jspecify.annotations.NullMarked;
