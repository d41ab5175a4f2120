// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One position in the tree of templates. Built by one thread, then only read. */
final class RouteNode {
    private final Map<String, RouteNode> literals = new HashMap<>();

    /** By what follows a name in its segment. */
    private final Map<String, RouteNode> suffixed = new HashMap<>();

    /** By method: templates that end here. */
    private final Map<String, Route> ends = new HashMap<>();

    /** By method: templates that take everything from here on. */
    private final Map<String, Route> rests = new HashMap<>();

    /** Below a name; written while the table is built. */
    private @Nullable RouteNode named;

    void add(Route route) {
        RouteNode node = this;
        for (PathTemplate.Part part : route.template().parts()) {
            if (part.kind() == PathTemplate.Kind.REST) {
                register(node.rests, route);
                return;
            }
            node = node.below(part);
        }
        register(node.ends, route);
    }

    private RouteNode below(PathTemplate.Part part) {
        if (part.kind() == PathTemplate.Kind.LITERAL) {
            return literals.computeIfAbsent(part.text(), text -> new RouteNode());
        }
        return part.suffix().isEmpty() ? belowName() : suffixed.computeIfAbsent(part.suffix(), text -> new RouteNode());
    }

    private RouteNode belowName() {
        RouteNode below = named;
        if (below == null) {
            below = new RouteNode();
            named = below;
        }
        return below;
    }

    private static void register(Map<String, Route> routes, Route route) {
        for (String method : route.endpoint().methods()) {
            Route other = routes.putIfAbsent(method, route);
            if (other != null) {
                throw new IllegalArgumentException(
                        "endpoint " + method + " " + route.template().text() + " of "
                                + route.protocol().name() + " (expected: one per method and path, but "
                                + other.template().text() + " of "
                                + other.protocol().name() + " takes it)");
            }
        }
    }

    /** The best route for what is left of a path from {@code index} on; any method will do if it is null. */
    @Nullable
    Route find(@Nullable String method, List<String> segments, int index) {
        if (index == segments.size()) {
            Route end = pick(ends, method);
            return end != null ? end : pick(rests, method);
        }
        String segment = segments.get(index);
        RouteNode literal = literals.get(segment);
        Route found = literal == null ? null : literal.find(method, segments, index + 1);
        if (found == null && !suffixed.isEmpty()) {
            found = findSuffixed(method, segments, index);
        }
        if (found == null && named != null && !segment.isEmpty()) {
            found = named.find(method, segments, index + 1);
        }
        return found != null ? found : pick(rests, method);
    }

    private @Nullable Route findSuffixed(@Nullable String method, List<String> segments, int index) {
        String segment = segments.get(index);
        for (Map.Entry<String, RouteNode> below : suffixed.entrySet()) {
            if (segment.endsWith(below.getKey())
                    && segment.length() > below.getKey().length()) {
                Route found = below.getValue().find(method, segments, index + 1);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static @Nullable Route pick(Map<String, Route> routes, @Nullable String method) {
        if (method != null) {
            return routes.get(method);
        }
        return routes.isEmpty() ? null : routes.values().iterator().next();
    }
}
