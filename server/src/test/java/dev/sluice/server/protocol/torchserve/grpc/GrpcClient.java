// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.ByteString;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.api.torchserve.management.ManagementAPIsServiceGrpc;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.FakeServer;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;

/** A client of one listener of a {@link FakeServer}, over the wire. */
final class GrpcClient implements AutoCloseable {
    final ManagedChannel channel;

    GrpcClient(FakeServer server, Plane plane) {
        channel = NettyChannelBuilder.forAddress(server.grpcAddress(plane))
                .usePlaintext()
                .build();
    }

    InferenceAPIsServiceGrpc.InferenceAPIsServiceBlockingStub inference() {
        return InferenceAPIsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    ManagementAPIsServiceGrpc.ManagementAPIsServiceBlockingStub management() {
        return ManagementAPIsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    static PredictionsRequest request(String model, String body) {
        return PredictionsRequest.newBuilder()
                .setModelName(model)
                .putInput("data", ByteString.copyFromUtf8(body))
                .build();
    }

    @Override
    public void close() throws InterruptedException {
        channel.shutdownNow();
        channel.awaitTermination(10, TimeUnit.SECONDS);
    }
}
