// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.server.config.BindAddress;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ListenersConfig;
import dev.sluice.server.config.TlsConfig;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.CrossOrigin;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.HttpTransportConfig;
import dev.sluice.server.transport.http.ListenerConfig;
import dev.sluice.server.transport.tls.TlsContext;
import dev.sluice.server.transport.tls.TlsMaterial;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The HTTP listeners that the configured addresses come to. The key is read once, and only if one of them speaks TLS. */
final class Listeners {
    private final TlsConfig tls;

    /** Written by the constructing thread. */
    private Optional<TlsContext> context = Optional.empty();

    private Listeners(TlsConfig tls) {
        this.tls = tls;
    }

    /** @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if one wants TLS and there is no key for it */
    static HttpTransportConfig of(ListenersConfig config, TlsConfig tls, CrossOrigin crossOrigin) {
        Listeners made = new Listeners(tls);
        List<ListenerConfig> all = new ArrayList<>();
        all.add(made.listener(ConfigKey.INFERENCE_ADDRESS, config.inference(), Plane.INFERENCE));
        all.add(made.listener(ConfigKey.MANAGEMENT_ADDRESS, config.management(), Plane.MANAGEMENT));
        config.metrics()
                .ifPresent(address -> all.add(made.listener(ConfigKey.METRICS_ADDRESS, address, Plane.METRICS)));
        return new HttpTransportConfig(
                all,
                HttpLimits.defaults().withMaxRequestBytes(config.maxRequestBytes()),
                config.eventLoopThreads(),
                config.nativeTransport(),
                crossOrigin);
    }

    private ListenerConfig listener(ConfigKey key, BindAddress address, Plane plane) {
        return address.socketFile()
                .map(file -> ListenerConfig.unix(file, Set.of(plane)))
                .orElseGet(() -> new ListenerConfig(
                        address.host(),
                        address.port(),
                        Optional.empty(),
                        address.tls() ? Optional.of(context(key, address)) : Optional.empty(),
                        Set.of(plane)));
    }

    private TlsContext context(ConfigKey key, BindAddress address) {
        TlsContext made =
                context.orElseGet(() -> TlsContext.http(TlsMaterial.of(tls, key.key() + ": " + address.url())));
        context = Optional.of(made);
        return made;
    }
}
