// SPDX-License-Identifier: Apache-2.0
/**
 * The server's key and certificate, and how listeners speak TLS with them.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.transport.tls.TlsMaterial}; {@code PemFile} reads what OpenSSL writes,
 * {@link dev.sluice.server.transport.tls.TlsContext} says which versions and ciphers are spoken.
 *
 * <p><b>Threads:</b> read once, at start-up; immutable.
 *
 * <p><b>May not import:</b> any transport or protocol. Who listens is unknown here.
 */
@NullMarked
package dev.sluice.server.transport.tls;

import org.jspecify.annotations.NullMarked;
