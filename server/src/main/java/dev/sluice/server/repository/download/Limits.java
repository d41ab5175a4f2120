// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.time.Duration;

/**
 * How much a download may take.
 *
 * @param maxBytes largest body
 * @param timeout from the first connection to the last byte
 * @param maxRedirects most of them in a row
 */
record Limits(long maxBytes, Duration timeout, int maxRedirects) {}
