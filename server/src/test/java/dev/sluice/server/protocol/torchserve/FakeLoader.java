// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/** Loads models without an engine. What a model does is its handler's name. */
final class FakeLoader implements ModelLoader {
    /** Models of the {@code held} and {@code ranked} handlers answer one request per permit. */
    final Semaphore permits = new Semaphore(0);

    private final BufferAllocator allocator;

    /** @param allocator source of the answers' memory */
    FakeLoader(BufferAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    public void check(ModelSpec spec) {
        if (spec.handler().equals("unknown")) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "Unknown handler: unknown (expected one of: echo)");
        }
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        if (spec.handler().equals("broken")) {
            throw new ServingException(ErrorCode.LOAD_FAILED, "weights are damaged");
        }
        return new FakeModel(spec);
    }

    private final class FakeModel implements LoadedModel {
        private final ModelSpec spec;

        FakeModel(ModelSpec spec) {
            this.spec = spec;
        }

        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public ModelInstance newInstance() {
            return spec.handler().equals("streamed") ? new StreamingFake(spec) : new FakeInstance(spec);
        }

        @Override
        public void close() {}
    }

    private final class FakeInstance implements ModelInstance {
        private final ModelSpec spec;

        FakeInstance(ModelSpec spec) {
            this.spec = spec;
        }

        @Override
        public void warmUp() {}

        @Override
        public List<Outcome> execute(Batch batch) {
            return batch.requests().stream().map(this::answer).toList();
        }

        private Outcome answer(InferenceRequest request) {
            return switch (spec.handler()) {
                case "echo" -> content(spec.id(), "", echo(request));
                case "typed" -> content(spec.id(), "text/x-greeting", "hello");
                case "headers" -> content(spec.id(), "", headers(request));
                case "held" -> {
                    permits.acquireUninterruptibly();
                    yield content(spec.id(), "", "done");
                }
                case "ranked" -> {
                    permits.acquireUninterruptibly();
                    yield content(spec.id(), "", echo(request));
                }
                case "sequences" -> content(spec.id(), "", sequence(request));
                case "mirror" ->
                    new Outcome.Success(new InferenceResponse(
                            spec.id(),
                            request.inputs().stream()
                                    .map(input -> ((Input.OfTensor) input).tensor())
                                    .map(tensor -> (Output) new Output.OfTensor(new Tensor(
                                            tensor.name(),
                                            tensor.type(),
                                            tensor.shape(),
                                            tensor.data().retain())))
                                    .toList()));
                case "json" ->
                    content(
                            spec.id(),
                            "application/json",
                            "{\"outputs\": [{\"name\": \"label\", \"datatype\": \"BYTES\", \"shape\": [1, 2],"
                                    + " \"data\": [[\"cat\", 7]]}]}");
                case "busy" -> new Outcome.Failure(ServingException.byHandler(429, "Come back on Monday"));
                case "picky" ->
                    new Outcome.Failure(
                            new ServingException(ErrorCode.INVALID_INPUT, "input: text (expected: an image)"));
                case "tensor" ->
                    new Outcome.Success(new InferenceResponse(
                            spec.id(),
                            List.of(new Output.OfTensor(
                                    new Tensor("t", DataType.UINT8, Shape.of(1), DataBuffer.wrap(new byte[1]))))));
                default -> throw new IllegalStateException("handler " + spec.handler() + " failed");
            };
        }

        @Override
        public void close() {}
    }

    /** Answers with {@code 0}, {@code 1} and so on, as many parts as the first input says. */
    private final class StreamingFake implements StreamingInstance {
        private final ModelSpec spec;

        StreamingFake(ModelSpec spec) {
            this.spec = spec;
        }

        @Override
        public void warmUp() {}

        @Override
        public void execute(Batch batch, BatchSink answers) {
            for (int request = 0; request < batch.requests().size(); request++) {
                Input.OfContent first =
                        (Input.OfContent) batch.requests().get(request).inputs().get(0);
                int parts = Integer.parseInt(new String(first.content().toByteArray(), StandardCharsets.UTF_8));
                for (int part = 0; part < parts - 1; part++) {
                    answers.part(request, ((Outcome.Success) content(spec.id(), "", part + "")).response());
                }
                answers.end(request, content(spec.id(), "", parts - 1 + ""));
            }
        }

        @Override
        public void close() {}
    }

    private static String sequence(InferenceRequest request) {
        return request.context()
                        .sequence()
                        .map(sequence -> sequence.id() + " " + sequence.starts() + " " + sequence.ends() + " ")
                        .orElse("none ")
                + echo(request);
    }

    private Outcome content(ModelId id, String contentType, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        DataBuffer bytes = allocator.allocate(utf8.length);
        bytes.view().put(utf8);
        return new Outcome.Success(new InferenceResponse(id, List.of(new Output.OfContent(contentType, bytes))));
    }

    /** One line per input: name, content type, bytes. */
    private static String echo(InferenceRequest request) {
        return request.inputs().stream()
                .map(input -> (Input.OfContent) input)
                .map(input -> input.name() + " [" + input.contentType() + "] "
                        + new String(input.content().toByteArray(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("\n"));
    }

    private static String headers(InferenceRequest request) {
        Map<String, String> sorted = new TreeMap<>(request.context().headers());
        return sorted.entrySet().stream()
                .map(header -> header.getKey() + "=" + header.getValue())
                .collect(Collectors.joining("\n"));
    }
}
