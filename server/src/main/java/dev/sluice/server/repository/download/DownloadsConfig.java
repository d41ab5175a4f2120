// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which models may be fetched from elsewhere.
 *
 * @param allowed what a URL has to match wholly, in any case; empty for none
 * @param maxBytes largest archive
 * @param timeout longest time one may take
 * @param privateAddresses whether an allowed URL may lead to a private, loopback or link-local address
 */
public record DownloadsConfig(List<Pattern> allowed, long maxBytes, Duration timeout, boolean privateAddresses) {
    public DownloadsConfig {
        allowed = List.copyOf(allowed);
    }
}
