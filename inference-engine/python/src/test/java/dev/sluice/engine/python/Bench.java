// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.engine.testing.TrackingAllocator;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Placement;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;

/** A loader with a scripted worker, or the real one, and what a test wants to know of it. */
final class Bench implements AutoCloseable {
    private static final ModelId ID = new ModelId("m", "1.0");

    final TrackingAllocator memory = new TrackingAllocator();
    final List<CopyReason> copies = new CopyOnWriteArrayList<>();
    final List<String> lines = new CopyOnWriteArrayList<>();
    final Path folder;

    /** The test's thread, as all fields below: what the next loader is made with. */
    boolean unixSockets = true;

    Path home = scripted();
    Side side = Side.OWN;
    int batchSize = 1;
    Duration startup = Duration.ofSeconds(20);
    Duration response = Duration.ofSeconds(20);
    int maxResponseBytes = 1_000_000;
    long sharedMemory;
    OptionalInt maxRequests = OptionalInt.empty();
    String handler = "handler.py";
    Placement placement = Placement.DEFAULT;
    int cards = 0;
    final Map<String, Object> options = new HashMap<>();
    final Map<String, String> variables = new HashMap<>();
    final Map<String, String> workers = new HashMap<>();

    private final List<PythonModelLoader> loaders = new ArrayList<>();

    Bench(Path folder) {
        this.folder = folder;
        variables.put("PATH", System.getenv("PATH"));
    }

    static Path scripted() {
        try {
            return Path.of(Bench.class.getResource("/scripted").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The worker that is shipped. */
    static Path shipped() {
        return Path.of("src/main/python").toAbsolutePath();
    }

    Path sockets() {
        return folder.resolve("s");
    }

    private BufferAllocator allocator() {
        return new BufferAllocator() {
            @Override
            public DataBuffer allocate(long bytes) {
                return memory.allocate(bytes);
            }

            @Override
            public void copied(CopyReason reason) {
                copies.add(reason);
            }
        };
    }

    PythonModelLoader loader() {
        WorkerSettings settings = new WorkerSettings(
                home,
                side,
                unixSockets,
                sockets(),
                9000,
                29_500,
                Optional.empty(),
                true,
                true,
                maxResponseBytes,
                Optional.empty(),
                false,
                false,
                Optional.empty(),
                2,
                sharedMemory,
                cards,
                maxRequests,
                false);
        EnvironmentSettings environments = new EnvironmentSettings(
                "python3",
                false,
                folder.resolve("cache"),
                List.of(),
                Map.copyOf(variables),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                OptionalLong.empty(),
                Optional.empty());
        PythonModelLoader loader = new PythonModelLoader(
                new NoOthers(),
                settings,
                environments,
                new HandlerContext(allocator()),
                (model, worker, isError, line) -> lines.add((isError ? "err " : "out ") + worker + " " + line));
        loaders.add(loader);
        return loader;
    }

    ModelSpec spec() {
        Map<String, Object> all = new HashMap<>(options);
        Map<String, Object> worker = new HashMap<>();
        if (all.remove("sluice") instanceof Map<?, ?> given) {
            given.forEach((key, value) -> worker.put((String) key, value));
        }
        worker.put("environment", Map.copyOf(workers));
        all.put("sluice", Map.of("worker", worker));
        return new ModelSpec(
                ID,
                "test",
                new ModelFiles(folder, Optional.empty()),
                Optional.of(PythonModelLoader.ENGINE),
                handler,
                new BatchSpec(batchSize, Duration.ZERO),
                new InstanceSpec(1, 1),
                placement,
                new LimitSpec(100, response, startup),
                all);
    }

    LoadedModel load() {
        return loader().load(spec());
    }

    void handler(String source) throws IOException {
        Files.writeString(folder.resolve("handler.py"), source);
    }

    static Batch batch(InferenceRequest... requests) {
        return new Batch(ID, List.of(requests));
    }

    /** What a request was answered: its text, or its failure's. */
    static String text(Outcome outcome) {
        if (outcome instanceof Outcome.Failure failure) {
            return failure.cause().code() + " " + failure.cause().safeMessage();
        }
        InferenceResponse response = ((Outcome.Success) outcome).response();
        try {
            return text(response);
        } finally {
            response.release();
        }
    }

    static String text(InferenceResponse response) {
        StringBuilder text = new StringBuilder();
        for (Output output : response.outputs()) {
            DataBuffer bytes = output instanceof Output.OfContent content
                    ? content.content()
                    : ((Output.OfTensor) output).tensor().data();
            text.append(new String(bytes.toByteArray(), StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    /** The answer to one request, its parts after each other. */
    static List<String> run(StreamingInstance instance, InferenceRequest... requests) {
        List<String> said = new ArrayList<>();
        Sink sink = new Sink(requests.length);
        instance.execute(batch(requests), sink);
        for (int i = 0; i < requests.length; i++) {
            said.add(String.join("", sink.said(i)));
        }
        return said;
    }

    static String ask(StreamingInstance instance, String body) {
        return run(instance, Requests.body("r" + System.nanoTime(), body)).get(0);
    }

    @Override
    public void close() {
        loaders.forEach(PythonModelLoader::close);
        memory.assertAllReleased();
    }

    /** Collects answers. */
    static final class Sink implements BatchSink {
        private final List<List<String>> said = new ArrayList<>();
        final List<Integer> ended = new CopyOnWriteArrayList<>();

        Sink(int requests) {
            for (int i = 0; i < requests; i++) {
                said.add(new CopyOnWriteArrayList<>());
            }
        }

        List<String> said(int request) {
            return said.get(request);
        }

        @Override
        public void part(int index, InferenceResponse part) {
            said.get(index).add(text(part) + ",");
            part.release();
        }

        @Override
        public void end(int index, Outcome outcome) {
            said.get(index).add(text(outcome));
            ended.add(index);
        }

        @Override
        public boolean isWanted(int index) {
            return true;
        }
    }

    private static final class NoOthers implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {
            throw new AssertionError("not Python's: " + spec.id());
        }

        @Override
        public LoadedModel load(ModelSpec spec) {
            throw new AssertionError("not Python's: " + spec.id());
        }
    }
}
