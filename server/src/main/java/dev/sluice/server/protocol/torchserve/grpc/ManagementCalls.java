// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.api.torchserve.management.DescribeModelRequest;
import dev.sluice.api.torchserve.management.ListModelsRequest;
import dev.sluice.api.torchserve.management.ManagementAPIsServiceGrpc;
import dev.sluice.api.torchserve.management.ManagementResponse;
import dev.sluice.api.torchserve.management.RegisterModelRequest;
import dev.sluice.api.torchserve.management.ScaleWorkerRequest;
import dev.sluice.api.torchserve.management.SetDefaultRequest;
import dev.sluice.api.torchserve.management.UnregisterModelRequest;
import dev.sluice.server.protocol.Plane;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Management over gRPC: each call is one of the REST interface, with other names for its parameters and its statuses. What is 0 or
 * empty in a request counts as not given, as long as the original's clients can mean nothing else by it.
 *
 * <p><b>Source:</b> torchserve.md section 4.7.
 */
final class ManagementCalls extends ManagementAPIsServiceGrpc.ManagementAPIsServiceImplBase {
    private static final String MODEL = "model";
    private static final String VERSION = "version";
    private static final String ALL = "all";
    private static final Refusal NOT_GIVEN =
            Refusal.of(Status.Code.INVALID_ARGUMENT, "BadRequestException", "Parameter url is required.");

    private final RestBridge.Call list;
    private final RestBridge.Call describe;
    private final RestBridge.Call describeVersion;
    private final RestBridge.Call describeAll;
    private final RestBridge.Call register;
    private final RestBridge.Call scale;
    private final RestBridge.Call scaleVersion;
    private final RestBridge.Call setDefault;
    private final RestBridge.Call unregister;
    private final RestBridge.Call unregisterVersion;

    ManagementCalls(RestBridge rest) {
        this.list = rest.endpoint(Plane.MANAGEMENT, "GET", "/models");
        this.describe = rest.endpoint(Plane.MANAGEMENT, "GET", "/models/{model}");
        this.describeVersion = rest.endpoint(Plane.MANAGEMENT, "GET", "/models/{model}/{version}");
        this.describeAll = rest.endpoint(Plane.MANAGEMENT, "GET", "/models/{model}/all");
        this.register = rest.endpoint(Plane.MANAGEMENT, "POST", "/models");
        this.scale = rest.endpoint(Plane.MANAGEMENT, "PUT", "/models/{model}");
        this.scaleVersion = rest.endpoint(Plane.MANAGEMENT, "PUT", "/models/{model}/{version}");
        this.setDefault = rest.endpoint(Plane.MANAGEMENT, "PUT", "/models/{model}/{version}/set-default");
        this.unregister = rest.endpoint(Plane.MANAGEMENT, "DELETE", "/models/{model}");
        this.unregisterVersion = rest.endpoint(Plane.MANAGEMENT, "DELETE", "/models/{model}/{version}");
    }

    @Override
    public void describeModel(DescribeModelRequest request, StreamObserver<ManagementResponse> observer) {
        tolerateCancellation(observer);
        Query query = new Query().put("customized", request.getCustomized());
        String version = request.getModelVersion();
        RestBridge.Call call = version.isEmpty() ? describe : version.equals(ALL) ? describeAll : describeVersion;
        call.call(path(request.getModelName(), version), query.values, reply -> {
            if (request.getCustomized() && reply.status() == 404) {
                // The original asks the model's queue, and finds none.
                refuse(observer, refusal(reply, Status.Code.INTERNAL));
            } else if (request.getCustomized() && reply.member("type").equals("ServiceUnavailableException")) {
                refuse(observer, Refusal.noWorker(reply.member("message")));
            } else {
                answer(observer, reply, reply.text());
            }
        });
    }

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ManagementResponse> observer) {
        tolerateCancellation(observer);
        Query query = new Query();
        if (request.hasLimit()) {
            query.put("limit", request.getLimit());
        }
        if (request.hasNextPageToken()) {
            query.put("next_page_token", request.getNextPageToken());
        }
        list.call(Map.of(), query.values, reply -> answer(observer, reply, reply.text()));
    }

    @Override
    public void registerModel(RegisterModelRequest request, StreamObserver<ManagementResponse> observer) {
        tolerateCancellation(observer);
        Query query = new Query()
                .putText("url", request.getUrl())
                .putText("model_name", request.getModelName())
                .putText("handler", request.getHandler())
                .putText("runtime", request.getRuntime())
                .putPositive("batch_size", request.getBatchSize())
                .putPositive("response_timeout", request.getResponseTimeout())
                .putPositive("startup_timeout", request.getStartupTimeout())
                .put("synchronous", request.getSynchronous())
                .put("s3_sse_kms", request.getS3SseKms());
        if (request.hasMaxBatchDelay() && request.getMaxBatchDelay() >= 0) {
            query.put("max_batch_delay", request.getMaxBatchDelay());
        }
        if (request.hasInitialWorkers() && request.getInitialWorkers() >= 0) {
            query.put("initial_workers", request.getInitialWorkers());
        }
        register.call(Map.of(), query.values, statusTo(observer));
    }

    @Override
    public void scaleWorker(ScaleWorkerRequest request, StreamObserver<ManagementResponse> observer) {
        tolerateCancellation(observer);
        if (request.getModelName().isEmpty()) {
            refuse(
                    observer,
                    Refusal.of(
                            Status.Code.INVALID_ARGUMENT, "BadRequestException", "Parameter model_name is required."));
            return;
        }
        Query query = new Query().put("synchronous", request.getSynchronous());
        if (request.hasMinWorker()) {
            query.put("min_worker", request.getMinWorker());
        }
        if (request.hasMaxWorker()) {
            query.put("max_worker", request.getMaxWorker());
        }
        String version = request.getModelVersion();
        (version.isEmpty() ? scale : scaleVersion)
                .call(path(request.getModelName(), version), query.values, statusTo(observer));
    }

    @Override
    public void setDefault(SetDefaultRequest request, StreamObserver<ManagementResponse> observer) {
        tolerateCancellation(observer);
        String name = request.getModelName();
        String version = request.getModelVersion();
        if (name.isEmpty()) {
            refuse(observer, Refusal.of(Status.Code.NOT_FOUND, "ModelNotFoundException", "Model not found: "));
        } else if (version.isEmpty()) {
            refuse(
                    observer,
                    Refusal.of(
                            Status.Code.NOT_FOUND,
                            "ModelVersionNotFoundException",
                            "Model version '' does not exist for model " + name));
        } else {
            setDefault.call(path(name, version), Map.of(), statusTo(observer));
        }
    }

    @Override
    public void unregisterModel(UnregisterModelRequest request, StreamObserver<ManagementResponse> observer) {
        tolerateCancellation(observer);
        String version = request.getModelVersion();
        (version.isEmpty() ? unregister : unregisterVersion)
                .call(path(request.getModelName(), version), Map.of(), reply -> {
                    if (request.getModelName().isEmpty() && reply.status() == 404) {
                        refuse(observer, NOT_GIVEN);
                    } else {
                        statusTo(observer).accept(reply);
                    }
                });
    }

    private static Map<String, String> path(String model, String version) {
        return version.isEmpty() ? Map.of(MODEL, model) : Map.of(MODEL, model, VERSION, version);
    }

    /** The bare text of the envelope. */
    private static Consumer<RestBridge.Reply> statusTo(StreamObserver<ManagementResponse> observer) {
        return reply -> answer(observer, reply, reply.member("status"));
    }

    private static void answer(StreamObserver<ManagementResponse> observer, RestBridge.Reply reply, String text) {
        if (reply.isFailure()) {
            refuse(observer, Refusal.ofManagement(reply.status(), reply.member("type"), reply.member("message")));
            return;
        }
        observer.onNext(ManagementResponse.newBuilder().setMsg(text).build());
        observer.onCompleted();
    }

    private static Refusal refusal(RestBridge.Reply reply, Status.Code code) {
        return Refusal.of(code, reply.member("type"), reply.member("message"));
    }

    private static void refuse(StreamObserver<ManagementResponse> observer, Refusal refusal) {
        observer.onError(refusal.status().asRuntimeException());
    }

    /** Answers to a client that has gone are dropped, and the change it asked for happens all the same. */
    private static void tolerateCancellation(StreamObserver<ManagementResponse> observer) {
        if (observer instanceof ServerCallStreamObserver<ManagementResponse> call) {
            call.setOnCancelHandler(() -> {});
        }
    }

    /** Parameters by the names that the REST interface has for them. */
    private static final class Query {
        private final Map<String, String> values = new LinkedHashMap<>();

        Query put(String name, Object value) {
            values.put(name, String.valueOf(value));
            return this;
        }

        Query putText(String name, String value) {
            return value.isEmpty() ? this : put(name, value);
        }

        Query putPositive(String name, int value) {
            return value > 0 ? put(name, value) : this;
        }
    }
}
