// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.protocol.PythonModels;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/**
 * Writes tensors as the JSON of the Open Inference protocol where a Python handler stands behind the envelope {@code kservev2}, which
 * reads nothing else. All other requests go by as they are.
 *
 * <p><b>Threads:</b> safe from any thread, and does not block: an executor writes.
 *
 * <p><b>Source:</b> torchserve.md sections 4.4 and 8.4.
 */
public final class TensorsAsText implements Inference {
    private static final String ENVELOPE = "kservev2";

    private final Optional<String> ofServer;
    private final Function<ModelRef, ModelSpec> specs;
    private final Inference next;
    private final Executor executor;

    /**
     * One for all models.
     *
     * @param ofServer name of the envelope of all requests, if there is one
     * @param specs of a model; throws if there is none
     */
    public TensorsAsText(
            Optional<String> ofServer, Function<ModelRef, ModelSpec> specs, Inference next, Executor executor) {
        this.ofServer = ofServer;
        this.specs = specs;
        this.next = next;
        this.executor = executor;
    }

    @Override
    public void infer(InferenceRequest request, ResponseSink sink) {
        if (!isWanted(request)) {
            next.infer(request, sink);
            return;
        }
        try {
            executor.execute(() -> write(request, sink));
        } catch (RejectedExecutionException e) {
            request.release();
            sink.fail(ServingException.from(e));
        }
    }

    private boolean isWanted(InferenceRequest request) {
        try {
            ModelSpec spec = specs.apply(request.model());
            return PythonModels.isPython(spec)
                    && EnvelopeChoice.envelope(ofServer, spec)
                            .filter(ENVELOPE::equals)
                            .isPresent();
        } catch (ServingException e) {
            // There is no such model, which whoever is asked next will say.
            return false;
        }
    }

    private void write(InferenceRequest request, ResponseSink sink) {
        InferenceRequest written;
        try {
            byte[] json = json(request).getBytes(StandardCharsets.UTF_8);
            written = new InferenceRequest(
                    request.model(),
                    List.of(new Input.OfContent("body", "application/json", DataBuffer.wrap(json))),
                    request.wantedOutputs(),
                    request.parameters(),
                    request.context());
        } catch (RuntimeException | Error e) {
            sink.fail(ServingException.from(e));
            return;
        } finally {
            request.release();
        }
        next.infer(written, sink);
    }

    private static String json(InferenceRequest request) {
        StringJoiner inputs = new StringJoiner(", ", "{\"inputs\": [", "]}");
        for (Input input : request.inputs()) {
            if (input instanceof Input.OfTensor named) {
                Tensor tensor = named.tensor();
                inputs.add("{\"name\": " + AnswerJson.quoted(tensor.name()) + ", \"shape\": " + tensor.shape()
                        + ", \"datatype\": \"" + tensor.type().name() + "\", \"data\": " + TensorText.flat(tensor)
                        + "}");
            }
        }
        return inputs.toString();
    }
}
