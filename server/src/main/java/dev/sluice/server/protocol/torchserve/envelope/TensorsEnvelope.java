// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ResponseDetails;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * {@code kservev2}: tensors in, tensors out, as the Open Inference protocol has them in JSON. A list of texts is a request for each,
 * since handlers take one.
 */
final class TensorsEnvelope implements Envelope {
    private final BufferAllocator allocator;

    TensorsEnvelope(BufferAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    public boolean isQuick() {
        return false;
    }

    @Override
    public Letter open(InferenceRequest request) {
        try {
            DataBuffer text = Contents.json(request.inputs());
            TensorRequest read = TensorRequest.read(text, allocator);
            return new Tensors(read, read.id().orElse(request.context().requestId()));
        } catch (IOException e) {
            throw Contents.notJson(e);
        } finally {
            request.release();
        }
    }

    private final class Tensors implements Letter {
        private final TensorRequest request;
        private final String id;
        private final List<List<Input>> requests;

        private Tensors(TensorRequest request, String id) {
            this.request = request;
            this.id = id;
            this.requests = request.apart(allocator);
        }

        @Override
        public List<List<Input>> requests() {
            return requests;
        }

        @Override
        public List<String> wantedOutputs() {
            return request.wantedOutputs();
        }

        @Override
        public InferenceResponse wrap(List<InferenceResponse> answers) {
            InferenceResponse first = answers.get(0);
            try {
                StringBuilder json = new StringBuilder("{\"id\": ")
                        .append(AnswerJson.quoted(id))
                        .append(", \"model_name\": ")
                        .append(AnswerJson.quoted(first.model().name()))
                        .append(", \"model_version\": ")
                        .append(AnswerJson.quoted(first.model().version()))
                        .append(", \"outputs\": [");
                String outputs = TensorAnswer.of(answers, request.names());
                json.append(outputs).append("]}");
                byte[] utf8 = json.toString().getBytes(StandardCharsets.UTF_8);
                ResponseDetails details = first.details();
                Output whole = Output.OfContent.copy("application/json", utf8, allocator);
                return new InferenceResponse(first.model(), List.of(whole), details);
            } finally {
                answers.forEach(InferenceResponse::release);
            }
        }
    }
}
