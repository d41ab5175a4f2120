// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.time.Duration;
import java.util.Optional;

/**
 * The gRPC listeners.
 *
 * @param tls whether both speak TLS
 */
public record GrpcConfig(
        BindAddress inference, BindAddress management, boolean tls, Age inferenceAge, Age managementAge) {
    private static final int HIGHEST_PORT = 65_535;

    /**
     * How long a connection may live.
     *
     * @param limit after which it is asked to go; empty for ever
     * @param grace how long its calls may take after that; empty for as long as they take
     */
    public record Age(Optional<Duration> limit, Optional<Duration> grace) {}

    /** Empty if gRPC is not served. */
    static Optional<GrpcConfig> of(ConfigValues values) {
        if (!values.flag(ConfigKey.ENABLE_GRPC)) {
            return Optional.empty();
        }
        return Optional.of(new GrpcConfig(
                address(values, ConfigKey.GRPC_INFERENCE_ADDRESS, ConfigKey.GRPC_INFERENCE_PORT),
                address(values, ConfigKey.GRPC_MANAGEMENT_ADDRESS, ConfigKey.GRPC_MANAGEMENT_PORT),
                values.flag(ConfigKey.ENABLE_GRPC_SSL),
                new Age(
                        values.millis(ConfigKey.GRPC_INFERENCE_MAX_CONNECTION_AGE_MS),
                        values.millis(ConfigKey.GRPC_INFERENCE_MAX_CONNECTION_AGE_GRACE_MS)),
                new Age(
                        values.millis(ConfigKey.GRPC_MANAGEMENT_MAX_CONNECTION_AGE_MS),
                        values.millis(ConfigKey.GRPC_MANAGEMENT_MAX_CONNECTION_AGE_GRACE_MS))));
    }

    private static BindAddress address(ConfigValues values, ConfigKey host, ConfigKey port) {
        return new BindAddress(values.host(host), values.number(port, 0, HIGHEST_PORT));
    }
}
