// SPDX-License-Identifier: Apache-2.0
/**
 * TorchServe's REST interface: its routes, as a table, over the inference and management planes, KServe's and SageMaker's among them.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.protocol.torchserve.TorchServeProtocol}, whose table names every route;
 * {@code docs/protocols/torchserve.md} says where it differs from the original, and why.
 *
 * <p><b>Threads:</b> endpoints run on event loops and never block; slow work is done by the core on its own threads.
 *
 * <p><b>May not import:</b> a transport, {@code engine}, or another protocol.
 */
@NullMarked
package dev.sluice.server.protocol.torchserve;

import org.jspecify.annotations.NullMarked;
