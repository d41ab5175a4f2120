// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code grpc.health.v1.Health}: the server by the empty name or that of one of its services, and each model by its own.
 *
 * <p><b>Threads:</b> called on event loops; {@link #look} and {@link #leave} by any thread. What a watcher is told is said in its
 * own turn.
 *
 * <p><b>Source:</b> operations.md section 4.7.
 */
final class HealthCalls extends HealthGrpc.HealthImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(HealthCalls.class);

    private static final int LONGEST_NAME = 256;

    private final ServiceHealth health;
    private final Set<String> services;
    private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

    /** Written by whoever stops the server. */
    private volatile boolean leaving;

    HealthCalls(ServiceHealth health, Set<String> services) {
        this.health = health;
        this.services = services;
    }

    /** Anybody may ask, and who watches has the name kept. */
    private static boolean isTooLong(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        int length = request.getService().length();
        if (length <= LONGEST_NAME) {
            return false;
        }
        observer.onError(Status.INVALID_ARGUMENT
                .withDescription("service: " + length + " characters (expected: at most " + LONGEST_NAME + ")")
                .asRuntimeException());
        return true;
    }

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        if (isTooLong(request, observer)) {
            return;
        }
        ServingStatus status = status(request.getService());
        if (status == ServingStatus.SERVICE_UNKNOWN) {
            observer.onError(Status.NOT_FOUND
                    .withDescription("service: " + request.getService()
                            + " (expected: the name of a model or a service, or none for the server)")
                    .asRuntimeException());
            return;
        }
        observer.onNext(HealthCheckResponse.newBuilder().setStatus(status).build());
        observer.onCompleted();
    }

    @Override
    public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        if (isTooLong(request, observer)) {
            return;
        }
        ServerCallStreamObserver<HealthCheckResponse> call = (ServerCallStreamObserver<HealthCheckResponse>) observer;
        Watcher watcher = new Watcher(request.getService(), call);
        call.setOnCancelHandler(() -> watchers.remove(watcher));
        watchers.add(watcher);
        watcher.look();
        if (leaving) {
            watcher.leave();
        }
    }

    private ServingStatus status(String service) {
        if (leaving) {
            return ServingStatus.NOT_SERVING;
        }
        Optional<Boolean> serving = service.isEmpty() || services.contains(service)
                ? Optional.of(health.isServing())
                : health.isServing(service);
        return serving.map(yes -> yes ? ServingStatus.SERVING : ServingStatus.NOT_SERVING)
                .orElse(ServingStatus.SERVICE_UNKNOWN);
    }

    /** Tells those who watch what has changed. */
    void look() {
        watchers.forEach(Watcher::look);
    }

    /** Ends the calls of those who watch: the server stops. */
    void leave() {
        leaving = true;
        watchers.forEach(Watcher::leave);
    }

    private final class Watcher {
        private final String service;
        private final ServerCallStreamObserver<HealthCheckResponse> call;
        private final SynchronizationContext turn = new SynchronizationContext(
                (thread, failure) -> LOG.error("A watcher of the health could not be told", failure));

        /** Written in turn: what the client knows. */
        private ServingStatus told = ServingStatus.UNRECOGNIZED;

        /** Written in turn. */
        private boolean over;

        Watcher(String service, ServerCallStreamObserver<HealthCheckResponse> call) {
            this.service = service;
            this.call = call;
        }

        void look() {
            turn.execute(() -> {
                ServingStatus now = status(service);
                if (now != told && !over && !call.isCancelled()) {
                    told = now;
                    call.onNext(HealthCheckResponse.newBuilder().setStatus(now).build());
                }
            });
        }

        void leave() {
            look();
            turn.execute(() -> {
                watchers.remove(this);
                if (!over && !call.isCancelled()) {
                    over = true;
                    call.onError(Status.UNAVAILABLE
                            .withDescription("The server is stopping")
                            .asRuntimeException());
                }
            });
        }
    }
}
