// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.RepliedModel;
import dev.sluice.engine.Reply;
import dev.sluice.engine.ReplyParts;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/** Loads models without an engine. What a model does is its handler's name. */
final class FakeLoader implements ModelLoader {
    private static final Set<String> REPLYING = Set.of("odd", "refusing", "starved", "chatty", "knowing", "misspelt");

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
        return REPLYING.contains(spec.handler())
                ? RepliedModel.alone((request, model, parts) -> reply(spec.handler(), request, parts))
                : new FakeModel(spec);
    }

    private Reply reply(String handler, InferenceRequest request, ReplyParts parts) {
        Map<String, String> headers = request.context().headers();
        return switch (handler) {
            case "odd" ->
                text("text/plain", "odd")
                        .withStatus(599, "x")
                        .withHeader("dummy", "1")
                        .withHeader("Content-Length", "7")
                        .withHeader("transfer-encoding", "chunked")
                        .withHeader("connection", "close")
                        .withHeader("x-request-id", "forged")
                        .withHeader("bad name", "1")
                        .withHeader("split", "a\r\nb: c");
            case "refusing" -> throw ServingException.byHandler(513, "msg");
            case "starved" -> throw new OutOfMemoryError("no memory");
            case "chatty" -> {
                parts.send(text("", "one ").withStatus(203, "").withHeader("tone", "low"));
                parts.send(text("", "two "));
                parts.send(text("", "three "));
                if (headers.containsKey("Break")) {
                    throw new IllegalStateException("in the middle");
                }
                yield text("", "four");
            }
            case "misspelt" -> {
                parts.send(text("", "{\"outputs\": [{\"name\": \"o\", \"datatype\": \"FP33\", \"data\": [1]}]}"));
                yield text("", "{\"outputs\": [{\"name\": \"o\", \"datatype\": \"FP32\", \"data\": [1]}]}");
            }
            case "knowing" -> {
                if (!headers.containsKey("describe")) {
                    yield text("", "explain=" + headers.get("explain"));
                }
                yield text("", headers.getOrDefault("Saying", "{\"about\": 1}")).withHeader("about", "me");
            }
            default -> throw new IllegalArgumentException(handler);
        };
    }

    private Reply text(String contentType, String text) {
        return Reply.of(Output.OfContent.copy(contentType, text.getBytes(StandardCharsets.UTF_8), allocator));
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
            List<Outcome> outcomes = batch.requests().stream().map(this::answer).toList();
            if (spec.handler().equals("short")) {
                outcomes.forEach(Outcome::release);
                return List.of();
            }
            return outcomes;
        }

        private Outcome answer(InferenceRequest request) {
            return switch (spec.handler()) {
                case "echo", "plain", "short" -> content(spec.id(), "", echo(request));
                case "tiny" ->
                    content(
                            spec.id(),
                            "",
                            new String(
                                    ((Input.OfContent) request.inputs().get(0))
                                            .content()
                                            .toByteArray(),
                                    StandardCharsets.UTF_8));
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
                case "same" -> {
                    Tensor taken = ((Input.OfTensor) request.inputs().get(0)).tensor();
                    yield new Outcome.Success(new InferenceResponse(
                            spec.id(),
                            List.of(new Output.OfTensor(new Tensor(
                                    "out",
                                    taken.type(),
                                    taken.shape(),
                                    taken.data().retain())))));
                }
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
