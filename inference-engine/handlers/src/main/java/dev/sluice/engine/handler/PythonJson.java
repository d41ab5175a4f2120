// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.io.NumberOutput;
import dev.sluice.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Writes JSON as Python's {@code json.dumps(value, indent=2)} does, to the byte: ASCII only, one list element per line,
 * {@code NaN} and {@code Infinity} as such.
 *
 * <p>Source: pytorch/serve {@code ts/protocol/otf_message_handler.py}, whose answers existing clients compare.
 *
 * <p><b>Threads:</b> confined to one thread.
 */
final class PythonJson {
    private static final String INDENT = "  ";

    private final StringBuilder text = new StringBuilder();

    /** An object of numbers, in the map's order. */
    static byte[] object(Map<String, Double> members) {
        PythonJson json = new PythonJson();
        if (members.isEmpty()) {
            json.text.append("{}");
            return json.toByteArray();
        }
        char before = '{';
        for (Map.Entry<String, Double> member : members.entrySet()) {
            json.text.append(before).append('\n').append(INDENT);
            json.string(member.getKey());
            json.text.append(": ");
            json.number(member.getValue());
            before = ',';
        }
        json.text.append("\n}");
        return json.toByteArray();
    }

    /** One row as lists in lists. */
    static byte[] nested(OutputRow row) {
        PythonJson json = new PythonJson();
        json.level(row, 0, 0, 0);
        return json.toByteArray();
    }

    /** A list with one nested list per row. */
    static byte[] nested(List<OutputRow> rows) {
        PythonJson json = new PythonJson();
        char before = '[';
        for (OutputRow row : rows) {
            json.text.append(before).append('\n').append(INDENT);
            json.level(row, 0, 0, 1);
            before = ',';
        }
        json.text.append(rows.isEmpty() ? "[]" : "\n]");
        return json.toByteArray();
    }

    /** An object with one nested list per row, under the names in the same order. */
    static byte[] nested(List<String> names, List<OutputRow> rows) {
        PythonJson json = new PythonJson();
        char before = '{';
        for (int i = 0; i < rows.size(); i++) {
            json.text.append(before).append('\n').append(INDENT);
            json.string(names.get(i));
            json.text.append(": ");
            json.level(rows.get(i), 0, 0, 1);
            before = ',';
        }
        json.text.append(rows.isEmpty() ? "{}" : "\n}");
        return json.toByteArray();
    }

    /** Writes what dimension {@code level} of {@code row} holds from element {@code at} on; returns the element after it. */
    private int level(OutputRow row, int level, int at, int indent) {
        if (level == row.shape().rank()) {
            element(row, at);
            return at + 1;
        }
        long length = row.shape().dimension(level);
        int next = at;
        for (long i = 0; i < length; i++) {
            text.append(i == 0 ? '[' : ',');
            newLine(indent + 1);
            next = level(row, level + 1, next, indent + 1);
        }
        if (length == 0) {
            text.append("[]");
        } else {
            newLine(indent);
            text.append(']');
        }
        return next;
    }

    private void newLine(int indent) {
        text.append('\n');
        for (int i = 0; i < indent; i++) {
            text.append(INDENT);
        }
    }

    private void element(OutputRow row, int at) {
        if (row.isFractional()) {
            number(row.number(at));
        } else if (row.type() == DataType.BOOL) {
            text.append(row.integer(at) != 0);
        } else if (row.type() == DataType.UINT64) {
            text.append(Long.toUnsignedString(row.integer(at)));
        } else if (row.type() == DataType.BYTES) {
            string(new String(row.text(at), StandardCharsets.UTF_8));
        } else {
            text.append(row.integer(at));
        }
    }

    /** As {@code repr(float)}: the fewest digits that read back as the same double. */
    private void number(double value) {
        if (Double.isNaN(value)) {
            text.append("NaN");
        } else if (Double.isInfinite(value)) {
            text.append(value > 0 ? "Infinity" : "-Infinity");
        } else if (value == 0) {
            text.append(1 / value < 0 ? "-0.0" : "0.0");
        } else {
            finite(value);
        }
    }

    private void finite(double value) {
        // The JDK's own toString may give a digit too many before version 19.
        String shortest = NumberOutput.toString(Math.abs(value), true);
        int mark = shortest.indexOf('E');
        String mantissa = mark < 0 ? shortest : shortest.substring(0, mark);
        int exponent = mark < 0 ? 0 : Integer.parseInt(shortest.substring(mark + 1));
        int point = mantissa.indexOf('.');
        String all = mantissa.substring(0, point) + mantissa.substring(point + 1);
        int first = 0;
        while (all.charAt(first) == '0') {
            first++;
        }
        int last = all.length();
        while (all.charAt(last - 1) == '0') {
            last--;
        }
        if (value < 0) {
            text.append('-');
        }
        decimal(all.substring(first, last), point - first + exponent);
    }

    /** {@code 0.digits} times ten to the {@code point}: plain where Python writes it plain. */
    private void decimal(String digits, int point) {
        if (point > 16 || point <= -4) {
            text.append(digits.charAt(0));
            if (digits.length() > 1) {
                text.append('.').append(digits, 1, digits.length());
            }
            int exponent = Math.abs(point - 1);
            text.append(point > 0 ? "e+" : "e-")
                    .append(exponent < 10 ? "0" : "")
                    .append(exponent);
        } else if (point <= 0) {
            text.append("0.").append("0".repeat(-point)).append(digits);
        } else if (digits.length() <= point) {
            text.append(digits).append("0".repeat(point - digits.length())).append(".0");
        } else {
            text.append(digits, 0, point).append('.').append(digits, point, digits.length());
        }
    }

    private void string(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            character(value.charAt(i));
        }
        text.append('"');
    }

    private void character(char c) {
        switch (c) {
            case '"' -> text.append("\\\"");
            case '\\' -> text.append("\\\\");
            case '\n' -> text.append("\\n");
            case '\r' -> text.append("\\r");
            case '\t' -> text.append("\\t");
            case '\b' -> text.append("\\b");
            case '\f' -> text.append("\\f");
            default -> {
                if (c < ' ' || c > '~') {
                    text.append(String.format("\\u%04x", (int) c));
                } else {
                    text.append(c);
                }
            }
        }
    }

    private byte[] toByteArray() {
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
