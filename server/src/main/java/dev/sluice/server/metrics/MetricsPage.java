// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.server.metrics.torchserve.OriginalMetrics;

/**
 * Our own series, always, and the original's as its mode has them.
 *
 * <p><b>Threads:</b> for one thread at a time.
 */
public final class MetricsPage implements MetricsProtocol.Page {
    private static final String END = "# EOF\n";

    private final ServerMetrics own;
    private final OriginalMetrics original;

    public MetricsPage(ServerMetrics own, OriginalMetrics original) {
        this.own = own;
        this.original = original;
    }

    @Override
    public String make(boolean openMetrics) {
        original.keep(own.registered());
        StringBuilder page = new StringBuilder(openMetrics ? own.scrapeOpenMetrics() : own.scrape());
        if (openMetrics) {
            page.setLength(page.length() - END.length());
        }
        original.print(page, openMetrics);
        return page.append(openMetrics ? END : "").toString();
    }
}
