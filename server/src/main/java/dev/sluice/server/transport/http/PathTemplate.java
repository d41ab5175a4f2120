// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A path as an {@link Endpoint} writes it, in parts. */
record PathTemplate(String text, List<Part> parts) {
    /** What one part takes. */
    enum Kind {
        /** Exactly this segment. */
        LITERAL,
        /** Any one segment that ends as the part does and has something before that. */
        NAME,
        /** All segments that are left, none included. */
        REST
    }

    /**
     * One part.
     *
     * @param text the literal, or the name
     * @param suffix what follows the name in its segment; empty for nothing
     */
    record Part(Kind kind, String text, String suffix) {}

    PathTemplate {
        parts = List.copyOf(parts);
    }

    /**
     * Reads a template.
     *
     * @throws IllegalArgumentException if a name occurs twice, or something follows {@code {rest...}}
     */
    static PathTemplate parse(String text) {
        List<Part> parts = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String segment : RequestTarget.split(text)) {
            Part part = part(segment);
            boolean afterRest = !parts.isEmpty() && parts.get(parts.size() - 1).kind() == Kind.REST;
            if (afterRest || (part.kind() != Kind.LITERAL && !names.add(part.text()))) {
                throw new IllegalArgumentException(
                        "path: " + text + " (expected: each name once, and nothing after {name...})");
            }
            parts.add(part);
        }
        return new PathTemplate(text, parts);
    }

    private static Part part(String segment) {
        int end = segment.indexOf('}');
        if (!segment.startsWith("{") || end < 0) {
            return new Part(Kind.LITERAL, segment, "");
        }
        String name = segment.substring(1, end);
        return name.endsWith("...")
                ? new Part(Kind.REST, name.substring(0, name.length() - 3), "")
                : new Part(Kind.NAME, name, segment.substring(end + 1));
    }

    /** The values of the names, given the segments of a path this template fits. */
    Map<String, String> bind(List<String> segments) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            if (part.kind() == Kind.NAME) {
                String segment = segments.get(i);
                values.put(
                        part.text(),
                        segment.substring(0, segment.length() - part.suffix().length()));
            } else if (part.kind() == Kind.REST) {
                values.put(part.text(), String.join("/", segments.subList(i, segments.size())));
            }
        }
        return Map.copyOf(values);
    }
}
