// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.engine.PackMember;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.engine.TokenizerTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * An engine's own trial, run in this process: opens it, loads the tiny model it carries, and compares the answer. Loads
 * native libraries, which a process does once: whoever tries several engines takes a process for each.
 */
public final class TrialRun {
    private static final double TOLERANCE = 1e-5;
    private static final Duration UNLIMITED = Duration.ofMinutes(1);

    private final EnginePacks packs;
    private final Path scratch;

    /** @param scratch an empty directory the engine may write to */
    public TrialRun(EnginePacks packs, Path scratch) {
        this.packs = packs;
        this.scratch = scratch;
    }

    /**
     * What the native library says its version is, and what it answered: {@code pytorch 2.7.1 answered [2.0, 4.0]}.
     *
     * @throws ServingException if it does not open, does not load its model, or answers something else
     */
    public String run(PackMember member) {
        try {
            if (member instanceof TokenizerProvider tokenizers) {
                return run(tokenizers);
            }
            return run((EngineProvider) member);
        } catch (IOException | LinkageError e) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED, "engine " + member.id() + " cannot be tried: " + e.getMessage(), e);
        }
    }

    private String run(EngineProvider provider) throws IOException {
        if (provider.trial().isEmpty()) {
            return provider.id() + " has nothing to try";
        }
        EngineTrial trial = provider.trial().get();
        try (Engine engine = provider.open(settings(provider));
                TensorModel model = engine.load(spec(file(provider, trial.resource())), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            List<Float> answer = answer(instance, input(BufferAllocator.unpooled(), model, trial));
            require(isClose(answer, trial.expected()), provider, answer, trial.expected());
            return provider.id() + " " + engine.info().nativeVersion() + " answered " + answer;
        }
    }

    private String run(TokenizerProvider provider) throws IOException {
        TokenizerTrial trial = provider.trial();
        TokenizerOptions options = TokenizerOptions.truncating(OptionalInt.empty());
        try (Tokenizer tokenizer = provider.open(file(provider, trial.resource()), options, settings(provider))) {
            List<Integer> answer = IntStream.of(
                            tokenizer.encode(trial.text()).get(0).ids())
                    .boxed()
                    .toList();
            require(answer.equals(trial.expected()), provider, answer, trial.expected());
            return provider.id() + " " + provider.description().version() + " answered " + answer;
        }
    }

    private EngineSettings settings(PackMember member) {
        return packs.settings(member.id(), scratch, BufferAllocator.unpooled());
    }

    private static void require(boolean isRight, PackMember member, List<?> answer, List<?> expected) {
        if (!isRight) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "engine " + member.id() + " answered " + answer + " (expected: " + expected + ")");
        }
    }

    private Path file(PackMember provider, String resource) throws IOException {
        Path folder = Files.createDirectories(scratch.resolve("model-" + provider.id()));
        Path file = folder.resolve(resource.substring(resource.lastIndexOf('/') + 1));
        try (InputStream model = provider instanceof FromPack pack
                ? pack.resource(resource)
                : provider.getClass().getResourceAsStream(resource)) {
            if (model == null) {
                throw new IOException("its jar has no " + resource + " (expected: the model of its trial)");
            }
            Files.copy(model, file);
        }
        return file;
    }

    private static ModelSpec spec(Path file) {
        String name = String.valueOf(file.getFileName());
        return new ModelSpec(
                new ModelId("trial", "1.0"),
                name,
                new ModelFiles(file.toAbsolutePath().resolveSibling(""), Optional.of(name)),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, UNLIMITED, UNLIMITED),
                Map.of());
    }

    private static Tensor input(BufferAllocator allocator, TensorModel model, EngineTrial trial) {
        DataBuffer data = allocator.allocate((long) trial.input().size() * Float.BYTES);
        FloatBuffer floats = data.view().asFloatBuffer();
        trial.input().forEach(floats::put);
        String name = model.signature().isDeclared()
                ? model.signature().inputs().get(0).name()
                : "x";
        return new Tensor(name, DataType.FP32, trial.shape(), data);
    }

    private static List<Float> answer(TensorInstance instance, Tensor input) {
        List<Tensor> outputs = List.of();
        try {
            outputs = instance.run(List.of(input));
            List<Float> answer = new ArrayList<>();
            FloatBuffer floats = outputs.get(0).data().view().asFloatBuffer();
            while (floats.hasRemaining()) {
                answer.add(floats.get());
            }
            return answer;
        } finally {
            outputs.forEach(Tensor::release);
            input.release();
        }
    }

    private static boolean isClose(List<Float> answer, List<Float> expected) {
        boolean close = answer.size() == expected.size();
        for (int i = 0; close && i < expected.size(); i++) {
            double most = TOLERANCE * Math.max(1, Math.abs(expected.get(i)));
            close = Math.abs(answer.get(i) - expected.get(i)) <= most;
        }
        return close;
    }
}
