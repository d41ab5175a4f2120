// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.TrafficObserver;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what was read to the endpoint that answers it, or answers itself what no endpoint will see.
 *
 * <p><b>Threads:</b> safe from any thread; called on event loops.
 */
final class Dispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private final Router router;
    private final ErrorMapper unmatched;
    private final AccessControl access;
    private final CrossOrigin crossOrigin;
    private final TrafficObserver traffic;

    /** One that browsers and observers hear nothing of. */
    Dispatcher(Router router, ErrorMapper unmatched, AccessControl access) {
        this(router, unmatched, access, CrossOrigin.NONE, TrafficObserver.NONE);
    }

    Dispatcher(
            Router router,
            ErrorMapper unmatched,
            AccessControl access,
            CrossOrigin crossOrigin,
            TrafficObserver traffic) {
        this.router = router;
        this.unmatched = unmatched;
        this.access = access;
        this.crossOrigin = crossOrigin;
        this.traffic = traffic;
    }

    TrafficObserver traffic() {
        return traffic;
    }

    /** Answers {@code incoming} through {@code exchange}; owns its body. */
    void dispatch(Incoming incoming, Exchange exchange) {
        RestResponder responder = crossOrigin.over(exchange);
        if (incoming instanceof Incoming.Whole whole) {
            dispatch(whole, exchange, responder);
        } else {
            Incoming.Refused refused = (Incoming.Refused) incoming;
            traffic.refused(refused.rejection());
            responder.respond(errorsFor(refused.head()).map(exchange.id(), refused.rejection(), refused.detail()));
        }
    }

    private void dispatch(Incoming.Whole whole, Exchange exchange, RestResponder responder) {
        if (crossOrigin.isAsked(whole.head())) {
            whole.body().release();
            responder.respond(crossOrigin.answer(exchange.id()));
            return;
        }
        RequestTarget target;
        try {
            target = RequestTarget.parse(whole.head().uri());
        } catch (IllegalArgumentException e) {
            whole.body().release();
            traffic.refused(Rejection.MALFORMED);
            responder.respond(unmatched.map(exchange.id(), Rejection.MALFORMED, String.valueOf(e.getMessage())));
            return;
        }
        String method = whole.head().method().name();
        Router.Match match = router.match(method, target.segments());
        if (match instanceof Router.Match.Found found) {
            if (mayCall(found.route(), whole, exchange.id(), responder)) {
                handle(found, request(whole, target, found, exchange), responder);
            }
            return;
        }
        whole.body().release();
        if (match instanceof Router.Match.OtherMethod other) {
            traffic.refused(Rejection.METHOD_NOT_ALLOWED);
            responder.respond(other.other()
                    .protocol()
                    .errors()
                    .map(exchange.id(), Rejection.METHOD_NOT_ALLOWED, method + " " + target.path()));
        } else {
            traffic.refused(Rejection.UNKNOWN_PATH);
            responder.respond(unmatched.map(exchange.id(), Rejection.UNKNOWN_PATH, target.path()));
        }
    }

    /** Whether the caller may; if not, it has been told so. */
    private boolean mayCall(Route route, Incoming.Whole whole, String requestId, RestResponder responder) {
        if (route.endpoint().open()) {
            return true;
        }
        try {
            access.check(route.endpoint().plane(), authorization(whole.head()));
            return true;
        } catch (ServingException refusal) {
            whole.body().release();
            traffic.denied("http", refusal.code());
            responder.respond(route.protocol().errors().map(requestId, refusal));
            return false;
        }
    }

    /** Several are no more than one that is not understood: nobody can tell which of them somebody in between has looked at. */
    private static Optional<String> authorization(HttpRequest head) {
        List<String> values = head.headers().getAll(HttpHeaderNames.AUTHORIZATION);
        return values.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", values));
    }

    private static RestRequest request(
            Incoming.Whole whole, RequestTarget target, Router.Match.Found found, Exchange exchange) {
        return new RestRequest(
                exchange.id(),
                whole.head().method().name(),
                target.path(),
                found.parameters(),
                target.query(),
                whole.head().headers().entries(),
                whole.body().toDataBuffer(),
                whole.receivedNanos(),
                exchange.cancellation());
    }

    private static void handle(Router.Match.Found found, RestRequest request, RestResponder responder) {
        Route route = found.route();
        try {
            route.endpoint().handler().handle(request, responder);
        } catch (RuntimeException | Error e) {
            if (!(e instanceof ServingException)) {
                LOG.error("{} {} failed", request.method(), route.template().text(), e);
            }
            responder.respond(route.protocol().errors().map(request.id(), ServingException.from(e)));
        }
    }

    /** The mapper of the protocol whose path was asked for, as far as that is known. */
    private ErrorMapper errorsFor(@Nullable HttpRequest head) {
        if (head == null) {
            return unmatched;
        }
        try {
            return router.anyMethod(RequestTarget.parse(head.uri()).segments())
                    .map(route -> route.protocol().errors())
                    .orElse(unmatched);
        } catch (IllegalArgumentException e) {
            return unmatched;
        }
    }
}
