// SPDX-License-Identifier: Apache-2.0
/**
 * Who may call: tokens as TorchServe has them, the file they are written to, and how they are renewed.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.access.Tokens} decides; {@code KeyFile} is where operators find the tokens,
 * {@link dev.sluice.server.access.TokenProtocol} the endpoint that renews them.
 *
 * <p><b>Threads:</b> deciding is safe from any thread and never blocks; renewing writes a file, on an executor of its own.
 *
 * <p><b>May not import:</b> a transport, or any one protocol. What a caller wants to do is unknown here.
 */
@NullMarked
package dev.sluice.server.access;

import org.jspecify.annotations.NullMarked;
