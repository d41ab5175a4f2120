// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Keeps some samples of a page in Prometheus's text format.
 *
 * <p>Source: torchserve.md section 3.1, "Filter": a histogram is asked for by {@code x_bucket}, {@code x_sum} and
 * {@code x_count}, and a family that is left without samples loses its comments.
 */
final class SampleFilter {
    private SampleFilter() {}

    static String keep(String page, Set<String> names) {
        StringBuilder kept = new StringBuilder();
        List<String> comments = new ArrayList<>();
        boolean inSamples = false;
        for (String line : page.lines().toList()) {
            if (line.startsWith("#")) {
                if (inSamples) {
                    comments.clear();
                    inSamples = false;
                }
                comments.add(line);
                continue;
            }
            inSamples = true;
            if (names.contains(sampleName(line))) {
                comments.forEach(comment -> kept.append(comment).append('\n'));
                comments.clear();
                kept.append(line).append('\n');
            }
        }
        return kept.toString();
    }

    private static String sampleName(String line) {
        int end = 0;
        while (end < line.length() && line.charAt(end) != '{' && line.charAt(end) != ' ') {
            end++;
        }
        return line.substring(0, end);
    }
}
