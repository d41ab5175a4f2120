// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.HandlerProvider;
import dev.sluice.server.config.CorsConfig;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.protocol.torchserve.TorchServeConfig;
import dev.sluice.server.transport.http.CrossOrigin;
import dev.sluice.serving.CompositeLoader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/** What the REST interface is told of the configuration. */
final class RestWiring {
    private RestWiring() {}

    /** @param handlers those that are built in */
    static TorchServeConfig protocol(
            ServerConfig config, List<HandlerProvider> handlers, String version, LongUnaryOperator workerMemory) {
        Set<String> plain = new HashSet<>(Set.of(CompositeLoader.HANDLER));
        handlers.forEach(handler -> plain.addAll(handler.names()));
        return new TorchServeConfig(
                config.admin().modelApi(),
                Optional.empty(),
                config.tenants().header(),
                config.wire(),
                config.tokens().standardStatus(),
                plain,
                version,
                workerMemory);
    }

    static CrossOrigin crossOrigin(CorsConfig cors) {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        cors.origin().ifPresent(value -> headers.add(Map.entry("access-control-allow-origin", value)));
        cors.methods().ifPresent(value -> headers.add(Map.entry("access-control-allow-methods", value)));
        cors.headers().ifPresent(value -> headers.add(Map.entry("access-control-allow-headers", value)));
        return new CrossOrigin(headers);
    }
}
