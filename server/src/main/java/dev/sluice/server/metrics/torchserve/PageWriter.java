// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import java.util.List;
import java.util.Locale;

/**
 * Writes families as the original's page has them: each label followed by a comma, names as declared, without endings for
 * counters. In OpenMetrics, which knows neither, lists of labels end without a comma, and a counter whose name does not say so
 * has no type.
 *
 * <p><b>Source:</b> torchserve.md section 3.1.
 */
final class PageWriter {
    private static final String TOTAL = "_total";

    private final StringBuilder page;
    private final boolean openMetrics;

    PageWriter(StringBuilder page, boolean openMetrics) {
        this.page = page;
        this.openMetrics = openMetrics;
    }

    void comments(MetricDefinition definition) {
        String kind = definition.kind().name().toLowerCase(Locale.ROOT);
        String family = name(definition.name());
        String type = kind;
        if (openMetrics && definition.kind() == Kind.COUNTER) {
            boolean isTotal = family.endsWith(TOTAL);
            family = isTotal ? family.substring(0, family.length() - TOTAL.length()) : family;
            type = isTotal ? kind : "unknown";
        }
        page.append("# HELP ")
                .append(family)
                .append(" Torchserve prometheus ")
                .append(kind)
                .append(" metric with unit: ")
                .append(definition.unit().replace("\\", "\\\\").replace("\n", "\\n"))
                .append('\n');
        page.append("# TYPE ").append(family).append(' ').append(type).append('\n');
    }

    /** @param le upper bound of a bucket; empty for another sample */
    void sample(MetricDefinition definition, String ending, List<String> labels, String le, double value) {
        page.append(name(definition.name())).append(ending);
        boolean isLabelled = !labels.isEmpty() || !le.isEmpty();
        if (isLabelled) {
            page.append('{');
            for (int i = 0; i < labels.size(); i++) {
                label(name(definition.dimensions().get(i)).replace(':', '_'), labels.get(i));
            }
            if (!le.isEmpty()) {
                label("le", le);
            }
            if (openMetrics) {
                page.setLength(page.length() - 1);
            }
            page.append('}');
        }
        page.append(' ').append(number(value)).append('\n');
    }

    private void label(String name, String value) {
        page.append(name)
                .append("=\"")
                .append(value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                .append("\",");
    }

    /** As Java writes numbers, which the original's library does, too. */
    static String number(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return Double.toString(value);
    }

    /** With an underscore for each character that names cannot have. */
    static String name(String declared) {
        StringBuilder name = new StringBuilder(declared);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
            if (!isLetter && !(c >= '0' && c <= '9' && i > 0)) {
                name.setCharAt(i, '_');
            }
        }
        return name.toString();
    }
}
