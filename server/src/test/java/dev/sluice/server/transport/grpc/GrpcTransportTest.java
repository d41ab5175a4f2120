// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.TestLoops;
import dev.sluice.server.transport.tls.TestKeys;
import dev.sluice.server.transport.tls.TlsMaterial;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class GrpcTransportTest {
    private static final ServiceHealth HEALTHY = new ServiceHealth() {
        @Override
        public boolean isServing() {
            return true;
        }

        @Override
        public Optional<Boolean> isServing(String model) {
            return Optional.empty();
        }
    };

    private final TestLoops loops = new TestLoops();

    @AfterEach
    void close() {
        loops.close();
    }

    private GrpcTransport transport(int port, Optional<TlsMaterial> tls) {
        return new GrpcTransport(
                new GrpcTransportConfig(
                        List.of(new GrpcListenerConfig(
                                Plane.INFERENCE, "127.0.0.1", port, Optional.empty(), Optional.empty())),
                        1000,
                        tls),
                List.of(),
                AccessControl.OPEN,
                HEALTHY,
                CallObserver.NONE,
                Ticker.system());
    }

    private static ServingStatus ask(NettyChannelBuilder builder) throws InterruptedException {
        ManagedChannel channel = builder.build();
        try {
            return HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus();
        } finally {
            channel.shutdownNow();
            channel.awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void speaksTlsWithTheKeyOfTheServer(@TempDir Path directory) throws Exception {
        TlsMaterial material = TestKeys.material(TestKeys.store(directory, "EC", "PKCS12"), "PKCS12");
        try (GrpcTransport transport = transport(0, Optional.of(material))) {
            transport.start(loops.loops());
            InetSocketAddress address = transport.address(Plane.INFERENCE);
            assertThat(ask(NettyChannelBuilder.forAddress(address)
                            .overrideAuthority("localhost")
                            .sslContext(GrpcSslContexts.forClient()
                                    .trustManager(material.chain())
                                    .build())))
                    .isEqualTo(ServingStatus.SERVING);
            assertThatThrownBy(() -> ask(NettyChannelBuilder.forAddress(address).usePlaintext()))
                    .isInstanceOf(StatusRuntimeException.class);
        }
    }

    @Test
    void namesTheAddressThatIsTaken() {
        try (GrpcTransport first = transport(0, Optional.empty())) {
            first.start(loops.loops());
            int port = first.address(Plane.INFERENCE).getPort();
            try (GrpcTransport second = transport(port, Optional.empty())) {
                assertThatThrownBy(() -> second.start(loops.loops()))
                        .isInstanceOfSatisfying(ServingException.class, failure -> {
                            assertThat(failure.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION);
                            assertThat(failure.safeMessage())
                                    .startsWith("Cannot listen on 127.0.0.1:" + port + " for gRPC: ");
                        });
            }
        }
    }
}
