// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.javahandler;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.CatalogModelLoader;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineCatalog;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JavaHandlerLoaderTest {
    private static final int CYCLES = 50;

    /** Takes text, gives it back to front; %s and %s stand for what is to go wrong while it is made and while it is attached. */
    private static final String REVERSE = """
            package com.example;
            import dev.sluice.engine.HandledModel;
            import dev.sluice.engine.HandlerContext;
            import dev.sluice.engine.HandlerProvider;
            import dev.sluice.engine.LoadedModel;
            import dev.sluice.engine.TensorModel;
            import dev.sluice.inference.InferenceRequest;
            import dev.sluice.inference.Input;
            import dev.sluice.inference.Output;
            import dev.sluice.model.ModelSpec;
            import java.util.List;
            import java.util.Set;
            import org.slf4j.LoggerFactory;
            public class Reverse implements HandlerProvider {
                private final Helper helper = new Helper();
                public Reverse() { %s }
                public Set<String> names() { return Set.of("reverse", "backwards"); }
                public int spiVersion() { return %s; }
                public boolean worksAlone() { return true; }
                public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
                    %s
                    return HandledModel.of(model, (request, asked) -> answer(request, context));
                }
                public LoadedModel attach(ModelSpec spec, HandlerContext context) {
                    return HandledModel.alone(request -> answer(request, context));
                }
                @SuppressWarnings("unchecked")
                private static <T extends Throwable> RuntimeException unseen(Throwable thrown) throws T { throw (T) thrown; }
                private List<Output> answer(InferenceRequest request, HandlerContext context) {
                    LoggerFactory.getLogger(Reverse.class).debug("asked");
                    Input.OfContent text = (Input.OfContent) request.inputs().get(0);
                    return List.of(context.content("text/plain", helper.reversed(text.content().toByteArray())));
                }
            }
            """;

    private static final String HELPER = """
            package com.example;
            public class Helper {
                byte[] reversed(byte[] text) { return new StringBuilder(new String(text)).reverse().toString().getBytes(); }
            }
            """;

    private static final String VERSION = "HandlerProvider.SPI_VERSION";

    private final AtomicInteger openModels = new AtomicInteger();

    @TempDir
    private Path folder;

    private Path jar;

    @BeforeEach
    void place() {
        jar = folder.resolve("handler.jar");
    }

    @ParameterizedTest
    @CsvSource({"com.example.Reverse, m.fake", "reverse, m.fake", "backwards, m.fake", "com.example.Reverse,"})
    void runsTheHandlerInTheJarOfAModel(String handler, String file) throws IOException {
        makeReverse("", VERSION, "");
        ModelSpec spec = spec(handler, Optional.ofNullable(file));

        loader(true).check(spec);
        LoadedModel model = loader(true).load(spec);

        assertThat(ask(model, "abc")).isEqualTo("cba");
        model.close();
        assertThat(openModels).hasValue(0);
    }

    /** Class loaders are seen to differ, so that two versions of a model may bring two versions of a library. */
    @Test
    void keepsTheCodeOfModelsApart() throws IOException {
        makeReverse("", VERSION, "");
        LoadedModel one = loader(true).load(spec("reverse", Optional.of("m.fake")));
        makeReverse("", VERSION, "");
        LoadedModel other = loader(true).load(spec("reverse", Optional.of("m.fake")));

        assertThat(ask(one, "ab") + ask(other, "cd")).isEqualTo("badc");
        one.close();
        assertThat(ask(other, "ef")).isEqualTo("fe");
        other.close();
    }

    /** Seen to fail when the loader was not closed, and when an exception of the handler was kept. */
    @Test
    void letsTheCodeGoWithTheModel() throws IOException {
        makeReverse("", VERSION, "");
        List<WeakReference<Object>> loaders = new ArrayList<>();
        for (int i = 0; i < CYCLES; i++) {
            loaders.add(loadAndUnload());
        }

        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            System.gc();
            assertThat(loaders).allMatch(loader -> loader.get() == null);
        });
        assertThat(openModels).hasValue(0);
        assertThat(openFiles()).noneMatch(file -> file.contains("handler.jar"));
    }

    private WeakReference<Object> loadAndUnload() {
        LoadedModel model = loader(true).load(spec("reverse", Optional.of("m.fake")));
        assertThat(ask(model, "ab")).isEqualTo("ba");
        WeakReference<Object> code =
                new WeakReference<>(((OwnedModel) model).code().classLoader());
        model.close();
        return code;
    }

    /** What this process has open; nothing on systems that do not tell. */
    private static List<String> openFiles() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        List<String> files = new ArrayList<>();
        if (Files.isDirectory(descriptors)) {
            try (var all = Files.newDirectoryStream(descriptors)) {
                for (Path descriptor : all) {
                    if (Files.isSymbolicLink(descriptor)) {
                        files.add(Files.readSymbolicLink(descriptor).toString());
                    }
                }
            }
        }
        return files;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void letsTheCodeOfAHandlerGoThatFailed(boolean whileAttaching) throws IOException {
        makeReverse(
                whileAttaching ? "" : "if (true) throw new IllegalStateException(\"no licence\");",
                VERSION,
                whileAttaching ? "if (true) throw new IllegalStateException(\"no licence\");" : "");

        assertThatThrownBy(() -> loader(true).load(spec("reverse", Optional.of("m.fake"))))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageContaining("no licence")
                .hasNoCause();
        assertThat(openModels).hasValue(0);
        assertThat(openFiles()).noneMatch(file -> file.contains("handler.jar"));
    }

    /** Planted: every error of the handler's own code passed on as it is; only those of linking, and of runtime, caught. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            throw new IllegalStateException("no licence"); | HandlerProvider.SPI_VERSION |  | could not be made: java.lang.IllegalStateException: no licence
            throw new NoClassDefFoundError("com/acme/Lib"); | HandlerProvider.SPI_VERSION |  | could not be made: java.lang.NoClassDefFoundError: com/acme/Lib
            | HandlerProvider.SPI_VERSION | if (true) throw new NoSuchMethodError("com.acme.Lib.run"); | could not be put in front of its model: java.lang.NoSuchMethodError: com.acme.Lib.run
            throw new AssertionError("no licence"); | HandlerProvider.SPI_VERSION |  | could not be made: java.lang.AssertionError: no licence
            | HandlerProvider.SPI_VERSION | if (true) throw new Error("not written yet"); | could not be put in front of its model: java.lang.Error: not written yet
            | HandlerProvider.SPI_VERSION | if (true) throw Reverse.<RuntimeException>unseen(new java.io.IOException("no file")); | could not be put in front of its model: java.io.IOException: no file
            | HandlerProvider.SPI_VERSION | if (true) return null; | gave no model (expected: one from attach)
            | 0 | | does not say which version of the handler interface it was compiled against (expected: spiVersion() that returns HandlerProvider.SPI_VERSION)
            | 1 | | was compiled against version 1 of the handler interface (expected: $; compile it against this server's)
            """)
    void saysWhatIsWrongWithAHandler(String making, String version, String attaching, String message)
            throws IOException {
        String thrown = making == null ? "" : "if (true) " + making;
        makeReverse(thrown, version, attaching == null ? "" : attaching);

        String expected = message.replace("$", String.valueOf(HandlerProvider.SPI_VERSION));
        assertInvalid("com.example.Reverse", "Handler com.example.Reverse " + expected);
    }

    /** Seen to fail when the error that carries the reason was shown in its place. */
    @ParameterizedTest
    @ValueSource(strings = {"com.example.Reverse", "reverse"})
    void saysWhyAClassCouldNotBeInitialised(String handler) throws IOException {
        String helper =
                HELPER.replaceFirst("\\{", "{ static { if (true) throw new IllegalStateException(\"no licence\"); }");
        HandlerJar.make(
                jar,
                Map.of("com.example.Reverse", REVERSE.formatted("", VERSION, ""), "com.example.Helper", helper),
                "com.example.Reverse");

        assertInvalid(
                handler, "Handler " + handler + " could not be made: java.lang.IllegalStateException: no licence");
    }

    @Test
    void saysWhichClassALibraryIsMissing() throws IOException {
        makeReverse("", VERSION, "");
        HandlerJar.without(jar, "com/example/Helper.class");

        assertInvalid(
                "com.example.Reverse",
                "Handler com.example.Reverse could not be made: java.lang.NoClassDefFoundError: com/example/Helper");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            com.example.Helper | Handler com.example.Helper is no handler (expected: a class that implements dev.sluice.engine.HandlerProvider)
            java.lang.String   | Handler java.lang.String is no handler (expected: a class that implements
            com.example.Absent | Handler com.example.Absent is not there (expected: a built-in handler, a Java class in handler.jar, or a name of a handler that META-INF/services/dev.sluice.engine.HandlerProvider lists there: backwards, reverse)
            dev.sluice.server.javahandler.HandlerJars | Handler dev.sluice.server.javahandler.HandlerJars is not there
            """)
    void saysWhereItLookedForAHandler(String handler, String message) throws IOException {
        makeReverse("", VERSION, "");

        assertInvalid(handler, message);
    }

    @Test
    void saysWhatIsWrongWithAListedProvider() throws IOException {
        HandlerJar.make(jar, Map.of("com.example.Helper", HELPER), "com.example.Gone");

        assertInvalid("reverse", "Handler reverse could not be made: java.util.ServiceConfigurationError");
    }

    @Test
    void refusesAJarThatIsNone() throws IOException {
        Files.writeString(jar, "no jar");

        assertInvalid("com.example.Reverse", "Handler com.example.Reverse ");
    }

    /** Seen to fail when a jar was opened by whatever its link points to. */
    @Test
    void runsNoCodeFromOutsideTheModel(@TempDir Path outside) throws IOException {
        makeReverse("", VERSION, "");
        Files.move(jar, outside.resolve("handler.jar"));
        Files.createSymbolicLink(jar, outside.resolve("handler.jar"));

        assertInvalid("reverse", "handler.jar is a link out of the model (expected: a jar)");
    }

    /** Planted: the switch not looked at. */
    @Test
    void runsNoCodeWhereTheServerForbidsIt() throws IOException {
        makeReverse("", VERSION, "");
        ModelSpec spec = spec("reverse", Optional.of("m.fake"));

        assertThatThrownBy(() -> loader(false).check(spec))
                .hasMessage("handler: reverse (expected: a built-in handler; java_handlers: false keeps the server from"
                        + " running Java code out of archives)");
        assertThatThrownBy(() -> loader(false).load(spec)).hasMessageStartingWith("handler: reverse (expected: a");
    }

    @Test
    void leavesModelsWithoutAJarToTheOthers() {
        assertInvalid("reverse", "Unknown handler: reverse");
    }

    private void assertInvalid(String handler, String message) {
        assertThatThrownBy(() -> {
                    ModelSpec spec = spec(handler, Optional.of("m.fake"));
                    loader(true).check(spec);
                    loader(true).load(spec);
                })
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message)
                .hasMessageNotContaining(folder.toString());
        assertThat(openModels).hasValue(0);
    }

    private void makeReverse(String making, String version, String attaching) throws IOException {
        HandlerJar.make(
                jar,
                Map.of(
                        "com.example.Reverse",
                        REVERSE.formatted(making, version, attaching),
                        "com.example.Helper",
                        HELPER),
                "com.example.Reverse");
    }

    private static String ask(LoadedModel model, String text) {
        InferenceRequest request = new InferenceRequest(
                spec(Path.of(""), "", Optional.empty()).ref(),
                List.of(new Input.OfContent("body", "text/plain", DataBuffer.wrap(text.getBytes(UTF_8)))),
                List.of(),
                Map.of(),
                new RequestContext("1", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation()));
        try (ModelInstance instance = model.newInstance()) {
            instance.warmUp();
            Outcome outcome = instance.execute(new Batch(new ModelId("m", "1"), List.of(request)))
                    .get(0);
            Output.OfContent answer = (Output.OfContent)
                    ((Outcome.Success) outcome).response().outputs().get(0);
            return new String(answer.content().toByteArray(), UTF_8);
        }
    }

    private ModelSpec spec(String handler, Optional<String> file) {
        return spec(folder, handler, file);
    }

    private static ModelSpec spec(Path root, String handler, Optional<String> file) {
        return new ModelSpec(
                new ModelId("m", "1"),
                "m.mar",
                new ModelFiles(root, file),
                Optional.empty(),
                handler,
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(10, Duration.ofSeconds(10), Duration.ofSeconds(10)),
                Map.of());
    }

    private JavaHandlerLoader loader(boolean allowed) {
        EngineCatalog engines = new EngineCatalog(
                List.of(new FakeProvider()), id -> new EngineSettings(Optional.empty(), folder, 1, memory()));
        return new JavaHandlerLoader(new CatalogModelLoader(engines, List.of(), new HandlerContext(memory())), allowed);
    }

    private static BufferAllocator memory() {
        return BufferAllocator.unpooled();
    }

    /** Loads anything, and counts what it has not been told to close. */
    private final class FakeProvider implements EngineProvider, Engine, TensorModel {
        @Override
        public String id() {
            return "fake";
        }

        @Override
        public int spiVersion() {
            return SPI_VERSION;
        }

        @Override
        public Set<String> fileSuffixes() {
            return Set.of(".fake");
        }

        @Override
        public EngineDescription description() {
            return new EngineDescription("Fake", "1", "none", List.of(), "", List.of(), List.of());
        }

        @Override
        public Optional<EngineTrial> trial() {
            return Optional.empty();
        }

        @Override
        public Engine open(EngineSettings settings) {
            return this;
        }

        @Override
        public EngineInfo info() {
            return EngineInfo.ofProcessors("fake", "1");
        }

        @Override
        public TensorModel load(ModelSpec spec, Device device) {
            openModels.incrementAndGet();
            return this;
        }

        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public TensorInstance newInstance() {
            return new TensorInstance() {
                @Override
                public List<Tensor> run(List<Tensor> inputs) {
                    return List.of();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {
            openModels.decrementAndGet();
        }
    }
}
