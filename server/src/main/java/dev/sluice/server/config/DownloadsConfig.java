// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

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
    private static final long MOST_BYTES = 1L << 42;

    public DownloadsConfig {
        allowed = List.copyOf(allowed);
    }

    static DownloadsConfig of(ConfigValues values) {
        return new DownloadsConfig(
                values.patterns(ConfigKey.ALLOWED_URLS),
                values.size(ConfigKey.DOWNLOAD_MAX_SIZE, 1, MOST_BYTES, "").orElse(MOST_BYTES),
                values.positiveDuration(ConfigKey.DOWNLOAD_TIMEOUT),
                values.flag(ConfigKey.ALLOW_PRIVATE_ADDRESSES));
    }
}
