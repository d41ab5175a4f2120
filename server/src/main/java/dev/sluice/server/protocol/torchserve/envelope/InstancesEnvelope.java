// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code json} and {@code kserve}: {@code {"instances": [...]}}, each of which is a request, answered by
 * {@code {"predictions": [...]}} in the same order.
 */
final class InstancesEnvelope implements Envelope {
    private static final String INSTANCES = "instances";
    /** More than that is for several requests. */
    static final int MAX_INSTANCES = 4096;

    private final String explained;
    private final BufferAllocator allocator;

    /** @param explained what the list is called when explanations were asked for */
    InstancesEnvelope(String explained, BufferAllocator allocator) {
        this.explained = explained;
        this.allocator = allocator;
    }

    @Override
    public boolean isQuick() {
        return false;
    }

    @Override
    public Letter open(InferenceRequest request) {
        List<List<Input>> instances = new ArrayList<>();
        try {
            read(Contents.json(request.inputs()), instances);
        } catch (IOException e) {
            release(instances);
            throw Contents.notJson(e);
        } catch (RuntimeException | Error e) {
            release(instances);
            throw e;
        } finally {
            request.release();
        }
        boolean explains = "True".equals(request.context().headers().get("explain"));
        return new Instances(instances, explains ? explained : "predictions");
    }

    private static void release(List<List<Input>> instances) {
        instances.forEach(inputs -> inputs.forEach(Input::release));
    }

    private void read(DataBuffer text, List<List<Input>> instances) throws IOException {
        try (JsonParser parser = Contents.parser(text.view())) {
            Contents.enter(parser);
            InstanceReader reader = new InstanceReader(parser, text, allocator);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                boolean wanted = parser.currentName().equals(INSTANCES);
                JsonToken value = parser.nextToken();
                if (!wanted) {
                    parser.skipChildren();
                } else if (value != JsonToken.START_ARRAY || !instances.isEmpty()) {
                    throw Contents.invalid("instances: " + value + " (expected: one list)");
                } else {
                    readAll(parser, reader, instances);
                }
            }
            Contents.leave(parser);
        }
        if (instances.isEmpty()) {
            throw Contents.invalid("instances: none (expected: {\"instances\": [...]} with 1 or more)");
        }
    }

    private static void readAll(JsonParser parser, InstanceReader reader, List<List<Input>> instances)
            throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (instances.size() == MAX_INSTANCES) {
                throw Contents.invalid("instances: more than " + MAX_INSTANCES + " (expected: at most that)");
            }
            instances.add(reader.read(instances.size()));
        }
    }

    private final class Instances implements Letter {
        private final List<List<Input>> instances;
        private final String name;

        private Instances(List<List<Input>> instances, String name) {
            this.instances = List.copyOf(instances);
            this.name = name;
        }

        @Override
        public List<List<Input>> requests() {
            return instances;
        }

        @Override
        public InferenceResponse wrap(List<InferenceResponse> answers) {
            try {
                ByteArrayOutputStream json = new ByteArrayOutputStream();
                json.writeBytes(("{\"" + name + "\": [").getBytes(StandardCharsets.UTF_8));
                for (int i = 0; i < answers.size(); i++) {
                    json.writeBytes((i == 0 ? "" : ", ").getBytes(StandardCharsets.UTF_8));
                    json.writeBytes(AnswerJson.of(answers.get(i).outputs()));
                }
                json.writeBytes("]}".getBytes(StandardCharsets.UTF_8));
                InferenceResponse first = answers.get(0);
                Output whole = Output.OfContent.copy("", json.toByteArray(), allocator);
                return new InferenceResponse(first.model(), List.of(whole), first.details());
            } finally {
                answers.forEach(InferenceResponse::release);
            }
        }
    }
}
