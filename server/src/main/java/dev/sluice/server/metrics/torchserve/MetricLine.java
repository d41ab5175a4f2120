// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A value of a metric as the original's workers, and commands that look at the machine, print it:
 *
 * <pre>
 *   [METRICS]{name}.{unit}:{value}|#{Dim:val,Dim:val}|#type:{COUNTER|GAUGE|HISTOGRAM}|#hostname:{host},{epochSeconds}[,{id}...]
 * </pre>
 *
 * What the original's parser refuses for no reason is taken: any name, no unit, {@code nan}, {@code inf}, {@code 1e+06}, and
 * colons and commas in values.
 *
 * <p><b>Source:</b> torchserve.md section 3.6.
 *
 * @param unit empty for none
 * @param kind empty if the line does not say
 * @param requestIds of the requests it is about
 */
public record MetricLine(
        String name,
        String unit,
        double value,
        Map<String, String> dimensions,
        Optional<Kind> kind,
        String hostname,
        long epochSeconds,
        List<String> requestIds) {
    private static final int MAX_LENGTH = 65_536;
    private static final int MAX_NAME = 256;
    private static final String PREFIX = "INFO > ";
    private static final String MARK = "[METRICS]";
    private static final String SEPARATOR = "|#";
    private static final String TYPE = "type:";
    private static final String HOSTNAME = "hostname:";

    public MetricLine {
        requestIds = List.copyOf(requestIds);
    }

    /** The same of that model, whatever model the line names. */
    public MetricLine ofModel(String model) {
        if (!dimensions.containsKey(MetricDefinitions.MODEL)) {
            return this;
        }
        Map<String, String> own = new LinkedHashMap<>(dimensions);
        own.put(MetricDefinitions.MODEL, model);
        return new MetricLine(name, unit, value, own, kind, hostname, epochSeconds, requestIds);
    }

    /** What {@code line} says; empty if it is no such line. */
    public static Optional<MetricLine> parse(String line) {
        String text = line.strip();
        if (text.length() > MAX_LENGTH || text.chars().anyMatch(Character::isISOControl)) {
            return Optional.empty();
        }
        text = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
        text = text.startsWith(MARK) ? text.substring(MARK.length()) : text;
        int end = text.indexOf(SEPARATOR);
        int host = text.lastIndexOf(SEPARATOR + HOSTNAME);
        int colon = end < 0 ? -1 : text.lastIndexOf(':', end);
        int dot = colon < 0 ? -1 : text.lastIndexOf('.', colon);
        if (dot <= 0 || dot > MAX_NAME || host < end) {
            return Optional.empty();
        }
        Optional<Double> value = number(text.substring(colon + 1, end));
        String middle = host == end ? "" : text.substring(end + SEPARATOR.length(), host);
        Optional<Tail> tail = Tail.parse(text.substring(host + SEPARATOR.length() + HOSTNAME.length()));
        if (value.isEmpty() || tail.isEmpty()) {
            return Optional.empty();
        }
        String name = text.substring(0, dot);
        String unit = text.substring(dot + 1, colon);
        return line(name, unit, value.get(), middle, tail.get());
    }

    private static Optional<MetricLine> line(String name, String unit, double value, String middle, Tail tail) {
        int type = middle.startsWith(TYPE) ? 0 : middle.lastIndexOf(SEPARATOR + TYPE);
        Optional<Kind> kind = Optional.empty();
        String dimensions = middle;
        if (type >= 0) {
            int word = middle.indexOf(TYPE, type) + TYPE.length();
            kind = kind(middle.substring(word));
            dimensions = middle.substring(0, type);
            if (kind.isEmpty()) {
                return Optional.empty();
            }
        }
        return Optional.of(new MetricLine(
                name,
                unit,
                value,
                dimensions(dimensions),
                kind,
                tail.hostname(),
                tail.epochSeconds(),
                tail.requestIds()));
    }

    private static Optional<Kind> kind(String word) {
        return switch (word.strip().toUpperCase(Locale.ROOT)) {
            case "COUNTER" -> Optional.of(Kind.COUNTER);
            case "GAUGE" -> Optional.of(Kind.GAUGE);
            case "HISTOGRAM" -> Optional.of(Kind.HISTOGRAM);
            default -> Optional.empty();
        };
    }

    /** In their order. A piece without a colon is the rest of the value before it. */
    private static Map<String, String> dimensions(String text) {
        Map<String, String> dimensions = new LinkedHashMap<>();
        String last = "";
        for (String piece : text.split(",", -1)) {
            int colon = piece.indexOf(':');
            if (colon > 0) {
                last = piece.substring(0, colon).strip();
                dimensions.put(last, piece.substring(colon + 1).strip());
            } else if (!last.isEmpty()) {
                dimensions.merge(last, piece, (before, rest) -> before + "," + rest);
            }
        }
        return dimensions;
    }

    private static Optional<Double> number(String text) {
        String word = text.strip().toLowerCase(Locale.ROOT);
        return switch (word) {
            case "nan" -> Optional.of(Double.NaN);
            case "inf", "+inf", "infinity" -> Optional.of(Double.POSITIVE_INFINITY);
            case "-inf", "-infinity" -> Optional.of(Double.NEGATIVE_INFINITY);
            default -> finite(word);
        };
    }

    private static Optional<Double> finite(String word) {
        // What Java takes beyond that, such as 1f and 0x1p3, no worker prints; thousands may have commas.
        String digits = word.replace(",", "");
        if (digits.isEmpty() || !digits.chars().allMatch(c -> (c >= '0' && c <= '9') || "+-.e".indexOf(c) >= 0)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Double.parseDouble(digits));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** {@code host,epochSeconds[,id...]}. */
    private record Tail(String hostname, long epochSeconds, List<String> requestIds) {
        static Optional<Tail> parse(String text) {
            String[] pieces = text.split(",", -1);
            if (pieces.length < 2) {
                return Optional.empty();
            }
            Optional<Double> time = finite(pieces[1].strip());
            return time.map(seconds -> new Tail(
                    pieces[0].strip(),
                    seconds.longValue(),
                    List.of(pieces).subList(2, pieces.length).stream()
                            .map(String::strip)
                            .filter(id -> !id.isEmpty())
                            .toList()));
        }
    }
}
