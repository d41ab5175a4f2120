// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.api.torchserve.management.ListModelsRequest;
import dev.sluice.api.torchserve.management.ManagementAPIsServiceGrpc;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.RawClient;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.blockhound.BlockHound;

/**
 * I15: event loops never block. An agent looks at every call that can block and reports those made on an event loop. Seen to fail
 * when {@code PredictionHandler} sleeps. A lock that happens to be free is no call that blocks, and is not seen.
 */
@Timeout(60)
final class EventLoopBlockingTest {
    /** Blocking calls made on event loops, with where from. */
    private static final Queue<String> CALLS = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void watch() {
        BlockHound.builder()
                .loadIntegrations()
                // A log line may wait for whoever reads the log. Loops write none unless something is wrong or the
                // access log
                // is on, which is off by default.
                .allowBlockingCallsInside("ch.qos.logback.classic.Logger", "callAppenders")
                .blockingMethodCallback(method -> CALLS.add(method + " on "
                        + Thread.currentThread().getName()
                        + Arrays.stream(new Throwable().getStackTrace())
                                .skip(2)
                                .limit(14)
                                .map(frame -> "\n    " + frame)
                                .collect(Collectors.joining())))
                .install();
    }

    @BeforeEach
    void forget() {
        CALLS.clear();
    }

    @Test
    void seesCallThatBlocksOnAnEventLoop() throws Exception {
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("planted", true), NioIoHandler.newFactory());
        try {
            CountDownLatch never = new CountDownLatch(1);
            assertThat(loops.submit(() -> never.await(10, TimeUnit.MILLISECONDS))
                            .get(10, TimeUnit.SECONDS))
                    .isFalse();
            assertThat(CALLS).anyMatch(call -> call.contains("park") && call.contains("planted"));
        } finally {
            Object unused = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    @Test
    void i15NoRequestMakesAnEventLoopBlock() throws Exception {
        HttpLimits limits = HttpLimits.defaults().withMaxRequestBytes(4096);
        try (FakeServer server = new FakeServer(true, limits, new MemoryBudget(64 << 10), new MemoryLedger())) {
            server.with("echo.mar", 2).with("failing.mar", 1).with("held.mar", 1);
            try (RawClient client = server.client(Plane.INFERENCE)) {
                for (int i = 0; i < 20; i++) {
                    ask(client, "/predictions/echo", "content-type: application/json\r\n", "[1]");
                    ask(client, "/predictions/echo", "content-type: application/x-www-form-urlencoded\r\n", "a=1&b=2");
                    ask(
                            client,
                            "/predictions/echo",
                            "content-type: multipart/form-data; boundary=B\r\n",
                            "--B\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nx\r\n--B--");
                    ask(client, "/predictions/failing", "", "x");
                    ask(client, "/predictions/nobody", "", "x");
                    ask(client, "/nowhere", "", "x");
                }
            }
            refuseFullQueueAndLeave(server);
            try (RawClient client = server.client(Plane.MANAGEMENT)) {
                ask(client, "/models?url=nothing", "", "");
                client.send("GET /models HTTP/1.1\r\n\r\nGET /models/echo HTTP/1.1\r\n\r\n");
                client.receive();
                client.receive();
                client.send("PUT /models/echo?min_worker=1 HTTP/1.1\r\n\r\n");
                client.receive();
            }
        }
        assertThat(String.join("\n", CALLS)).as("blocking calls on event loops").isEmpty();
    }

    /** The same over gRPC, on the same event loops; the client has loops of its own, of which grpc-java may do what it likes. */
    @Test
    void i15NoCallOverGrpcMakesAnEventLoopBlock() throws Exception {
        HttpLimits limits = HttpLimits.defaults().withMaxRequestBytes(100_000);
        try (FakeServer server = new FakeServer(true, limits, new MemoryBudget(1 << 20), new MemoryLedger())) {
            server.with("echo.mar", 2).with("failing.mar", 1).with("streamed.mar", 1);
            ManagedChannel inference = channel(server, Plane.INFERENCE);
            ManagedChannel management = channel(server, Plane.MANAGEMENT);
            for (int i = 0; i < 10; i++) {
                InferenceAPIsServiceGrpc.InferenceAPIsServiceBlockingStub stub =
                        InferenceAPIsServiceGrpc.newBlockingStub(inference);
                assertThat(stub.predictions(request("echo", "x".repeat(50_000))))
                        .isNotNull();
                assertThat(stub.streamPredictions(request("streamed", "100")))
                        .toIterable()
                        .hasSize(100);
                assertThatThrownBy(() -> stub.predictions(request("failing", "x")))
                        .isInstanceOf(StatusRuntimeException.class);
                assertThat(ManagementAPIsServiceGrpc.newBlockingStub(management)
                                .listModels(ListModelsRequest.getDefaultInstance()))
                        .isNotNull();
            }
            inference.shutdownNow();
            management.shutdownNow();
            assertThat(server.drainGrpc(Duration.ofSeconds(10)).toCompletableFuture())
                    .succeedsWithin(10, TimeUnit.SECONDS);
        }
        assertThat(CALLS.stream().filter(call -> !call.contains(" on grpc-")))
                .as("blocking calls on event loops")
                .isEmpty();
    }

    private static ManagedChannel channel(FakeServer server, Plane plane) {
        return NettyChannelBuilder.forAddress(server.grpcAddress(plane))
                .usePlaintext()
                .build();
    }

    private static PredictionsRequest request(String model, String body) {
        return PredictionsRequest.newBuilder()
                .setModelName(model)
                .putInput("data", ByteString.copyFromUtf8(body))
                .build();
    }

    /** Three on a queue of one: one runs, one waits and is cancelled, one is refused. */
    private static void refuseFullQueueAndLeave(FakeServer server) {
        String request = "POST /predictions/held HTTP/1.1\r\ncontent-length: 1\r\n\r\nx";
        try (RawClient first = server.client(Plane.INFERENCE);
                RawClient second = server.client(Plane.INFERENCE);
                RawClient third = server.client(Plane.INFERENCE)) {
            first.send(request);
            Awaitility.await().until(() -> server.isTaken("held"));
            second.send(request);
            Awaitility.await().until(() -> server.waiting("held") == 1);
            third.send(request);
            assertThat(third.receive().status()).isEqualTo(503);
            second.close();
            Awaitility.await().until(() -> server.waiting("held") == 0);
            server.permit(1);
            assertThat(first.receive().status()).isEqualTo(200);
        }
    }

    private static void ask(RawClient client, String path, String headers, String body) {
        client.send(
                "POST " + path + " HTTP/1.1\r\n" + headers + "content-length: " + body.length() + "\r\n\r\n" + body);
        client.receive();
    }
}
