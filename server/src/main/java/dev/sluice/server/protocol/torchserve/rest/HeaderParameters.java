// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import java.util.Optional;

/** Parameters of a header value: {@code form-data; name="a"; filename=b}. */
final class HeaderParameters {
    private HeaderParameters() {}

    /** The first parameter of that name, whatever its case; without quotes and escapes. */
    static Optional<String> of(String value, String name) {
        int at = end(value, 0);
        while (at < value.length()) {
            int start = at + 1;
            at = end(value, start);
            String parameter = value.substring(start, at);
            int equals = parameter.indexOf('=');
            if (equals > 0 && parameter.substring(0, equals).strip().equalsIgnoreCase(name)) {
                return Optional.of(unquoted(parameter.substring(equals + 1).strip()));
            }
        }
        return Optional.empty();
    }

    /** Where the part that starts at {@code from} ends: at a semicolon outside quotes. */
    private static int end(String value, int from) {
        boolean quoted = false;
        int i = from;
        while (i < value.length() && (quoted || value.charAt(i) != ';')) {
            if (value.charAt(i) == '"') {
                quoted = !quoted;
            } else if (quoted && value.charAt(i) == '\\') {
                i++;
            }
            i++;
        }
        return Math.min(i, value.length());
    }

    private static String unquoted(String text) {
        if (text.length() < 2 || !text.startsWith("\"") || !text.endsWith("\"")) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 1; i < text.length() - 1; i++) {
            if (text.charAt(i) == '\\' && i + 1 < text.length() - 1) {
                i++;
            }
            plain.append(text.charAt(i));
        }
        return plain.toString();
    }
}
