// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Batch;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.TokenizerSource;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A handler attached to a model, and requests to send through it. Counts the direct memory that is out. */
final class Harness implements AutoCloseable {
    private static final ModelId MODEL = new ModelId("m", "1.0");

    final List<DataBuffer> allocated = new ArrayList<>();
    final List<CopyReason> copies = new ArrayList<>();
    /** Written by the test: how many allocations succeed before the one that does not; -1 for all. */
    int allocationsUntilRefusal = -1;

    private final LoadedModel loaded;
    private final ModelInstance instance;

    Harness(HandlerProvider provider, TensorModel model, ModelSpec spec) {
        this(provider, model, spec, TokenizerSource.NONE);
    }

    Harness(HandlerProvider provider, TensorModel model, ModelSpec spec, TokenizerSource tokenizers) {
        BufferAllocator allocator = new BufferAllocator() {
            @Override
            public DataBuffer allocate(long bytes) {
                if (allocated.size() == allocationsUntilRefusal) {
                    allocationsUntilRefusal = -1;
                    throw new ServingException(ErrorCode.OVERLOADED, "no memory");
                }
                DataBuffer buffer = DataBuffer.of(ByteBuffer.allocateDirect((int) bytes), () -> {});
                allocated.add(buffer);
                return buffer;
            }

            @Override
            public void copied(CopyReason reason) {
                copies.add(reason);
            }
        };
        this.loaded = provider.attach(model, spec, new HandlerContext(allocator, tokenizers));
        this.instance = loaded.newInstance();
    }

    static ModelSpec spec(Path root, int batchSize, Map<String, Object> options) {
        return new ModelSpec(
                MODEL,
                "m.mar",
                new ModelFiles(root, Optional.empty()),
                Optional.empty(),
                "any",
                new BatchSpec(batchSize, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(10, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                options);
    }

    static ModelSpec spec(BatchSpec batching) {
        ModelSpec plain = spec(Map.of());
        return new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                batching,
                plain.instances(),
                plain.limits(),
                plain.options());
    }

    static ModelSpec spec(Map<String, Object> options) {
        return spec(Path.of("no-such-folder"), 1, options);
    }

    static Input content(String name, String type, byte[] bytes) {
        return new Input.OfContent(name, type, DataBuffer.wrap(bytes));
    }

    static Input json(String name, String text) {
        return content(name, "application/json", text.getBytes(StandardCharsets.UTF_8));
    }

    static InferenceRequest request(Input... inputs) {
        RequestContext context =
                new RequestContext("r", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        return new InferenceRequest(ModelRef.of("m"), List.of(inputs), List.of(), Map.of(), context);
    }

    void warmUp() {
        instance.warmUp();
    }

    List<Outcome> execute(InferenceRequest... requests) {
        return instance.execute(new Batch(MODEL, List.of(requests)));
    }

    /** Runs, and gives the answers back. */
    void run(InferenceRequest... requests) {
        execute(requests).forEach(Harness::text);
    }

    /** The answers' bodies, or the messages of failures; answers are released. */
    List<String> texts(InferenceRequest... requests) {
        return execute(requests).stream().map(Harness::text).toList();
    }

    String text(InferenceRequest request) {
        return texts(request).get(0);
    }

    static String text(Outcome outcome) {
        if (outcome instanceof Outcome.Success success
                && success.response().outputs().get(0) instanceof Output.OfContent content) {
            String text = new String(content.content().toByteArray(), StandardCharsets.US_ASCII);
            content.release();
            return text;
        }
        ServingException cause = ((Outcome.Failure) outcome).cause();
        return cause.code() + " " + cause.safeMessage();
    }

    @Override
    public void close() {
        instance.close();
        loaded.close();
    }
}
