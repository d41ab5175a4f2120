// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The route table of one listener, built once. Of the templates that fit a path and take its method, the one with a literal
 * where the others have a name wins, from left to right; a name that is to end in something wins over a name alone, and that over
 * {@code {rest...}}.
 *
 * <p><b>Threads:</b> safe from any thread; never changes.
 */
final class Router {
    private final RouteNode root;

    private Router(RouteNode root) {
        this.root = root;
    }

    /** What a request led to. */
    sealed interface Match {
        /** An endpoint, and the values of its template's names. */
        record Found(Route route, Map<String, String> parameters) implements Match {}

        /** The path is that of {@code other}, which takes other methods. */
        record OtherMethod(Route other) implements Match {}

        /** No template fits. */
        record NoPath() implements Match {}
    }

    /**
     * The table of all endpoints of {@code planes}.
     *
     * @throws IllegalArgumentException naming both, if two of them take the same method of the same path, or one's template is
     *     malformed
     */
    static Router of(List<Protocol> protocols, Set<Plane> planes) {
        RouteNode root = new RouteNode();
        for (Protocol protocol : protocols) {
            for (Endpoint endpoint : protocol.endpoints(planes)) {
                root.add(new Route(protocol, endpoint, PathTemplate.parse(endpoint.path())));
            }
        }
        return new Router(root);
    }

    Match match(String method, List<String> segments) {
        Route route = root.find(method, segments, 0);
        if (route != null) {
            return new Match.Found(route, route.template().bind(segments));
        }
        return anyMethod(segments).<Match>map(Match.OtherMethod::new).orElseGet(Match.NoPath::new);
    }

    /** Some route of that path, whatever its method. */
    Optional<Route> anyMethod(List<String> segments) {
        return Optional.ofNullable(root.find(null, segments, 0));
    }
}
