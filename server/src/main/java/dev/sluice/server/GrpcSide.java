// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.config.BindAddress;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.GrpcConfig;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.GrpcProtocol;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.grpc.CallObserver;
import dev.sluice.server.transport.grpc.GrpcListenerConfig;
import dev.sluice.server.transport.grpc.GrpcTransport;
import dev.sluice.server.transport.grpc.GrpcTransportConfig;
import dev.sluice.server.transport.grpc.ServiceHealth;
import dev.sluice.server.transport.http.EventLoops;
import dev.sluice.server.transport.tls.TlsMaterial;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The gRPC listeners of a server, if it has any.
 *
 * <p><b>Threads:</b> as {@link GrpcTransport}.
 */
final class GrpcSide {
    private final Optional<GrpcTransport> transport;

    /** Nothing listens yet. */
    GrpcSide(
            Optional<GrpcTransportConfig> config,
            List<GrpcProtocol> protocols,
            AccessControl access,
            ServiceHealth health,
            CallObserver observer,
            Ticker ticker) {
        this.transport =
                config.map(listeners -> new GrpcTransport(listeners, protocols, access, health, observer, ticker));
    }

    /**
     * The listeners that are configured; empty for none.
     *
     * @throws ServingException {@code INVALID_INPUT} if they want TLS and there is no key for it
     */
    static Optional<GrpcTransportConfig> config(ServerConfig config) {
        return config.grpc()
                .map(grpc -> new GrpcTransportConfig(
                        List.of(
                                listener(Plane.INFERENCE, grpc.inference(), grpc.inferenceAge()),
                                listener(Plane.MANAGEMENT, grpc.management(), grpc.managementAge())),
                        config.listeners().maxRequestBytes(),
                        grpc.tls()
                                ? Optional.of(TlsMaterial.of(config.tls(), ConfigKey.ENABLE_GRPC_SSL.key()))
                                : Optional.empty()));
    }

    private static GrpcListenerConfig listener(Plane plane, BindAddress address, GrpcConfig.Age age) {
        return new GrpcListenerConfig(plane, address.host(), address.port(), age.limit(), age.grace());
    }

    /** @throws ServingException naming the address that cannot be listened on, and what to do about it */
    void start(EventLoops loops) {
        try {
            transport.ifPresent(grpc -> grpc.start(loops));
        } catch (ServingException e) {
            throw new ServingException(
                    e.code(),
                    e.safeMessage() + ". Stop what listens there, or choose another port with --set"
                            + " grpc_inference_port=PORT or grpc_management_port=PORT, or none with --set enable_grpc=false.",
                    e);
        }
    }

    /** Where each plane is served, as {@code host:port}; empty without gRPC. */
    Map<Plane, String> addresses() {
        Map<Plane, String> addresses = new EnumMap<>(Plane.class);
        transport.ifPresent(grpc -> List.of(Plane.INFERENCE, Plane.MANAGEMENT)
                .forEach(plane ->
                        addresses.put(plane, BindAddress.of(grpc.address(plane)).toString())));
        return addresses;
    }

    CompletionStage<Boolean> drain(Duration lameDuck, Duration timeout) {
        return transport
                .map(grpc -> grpc.drain(lameDuck, timeout))
                .orElseGet(() -> CompletableFuture.completedFuture(true));
    }

    void close() {
        transport.ifPresent(GrpcTransport::close);
    }
}
