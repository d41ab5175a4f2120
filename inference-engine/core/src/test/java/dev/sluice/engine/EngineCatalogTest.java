// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class EngineCatalogTest {
    private static final EngineSettings SETTINGS =
            new EngineSettings(Optional.empty(), Path.of("cache"), 1, BufferAllocator.unpooled());

    private final List<String> events = new ArrayList<>();

    private record FakeProvider(String id, int spiVersion, Set<String> fileSuffixes, Supplier<Engine> opening)
            implements EngineProvider {
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
            return opening.get();
        }
    }

    /** An engine whose only model notes when it is closed. */
    private record FakeEngine(String id, List<String> events, Runnable onClose) implements Engine {
        @Override
        public EngineInfo info() {
            return EngineInfo.ofProcessors(id, "1");
        }

        @Override
        public TensorModel load(ModelSpec spec, Device device) {
            return new TensorModel() {
                @Override
                public Signature signature() {
                    return Signature.UNDECLARED;
                }

                @Override
                public TensorInstance newInstance() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void close() {
                    events.add("model closed");
                }
            };
        }

        @Override
        public void close() {
            onClose.run();
            events.add("closed " + id);
        }
    }

    private FakeProvider provider(String id, String... suffixes) {
        return new FakeProvider(id, EngineProvider.SPI_VERSION, Set.of(suffixes), () -> {
            events.add("opened " + id);
            return new FakeEngine(id, events, () -> {});
        });
    }

    private FakeProvider breaking(String id, RuntimeException onClose) {
        return new FakeProvider(
                id,
                EngineProvider.SPI_VERSION,
                Set.of(),
                () -> new FakeEngine(id, events, () -> {
                    throw onClose;
                }));
    }

    private static EngineCatalog catalog(EngineProvider... providers) {
        return new EngineCatalog(List.of(providers), id -> SETTINGS);
    }

    @Test
    void opensAnEngineWhenItIsFirstWantedAndOnlyThen() {
        EngineCatalog catalog = catalog(provider("a"), provider("b"));
        assertThat(events).isEmpty();

        assertThat(catalog.engine("a")).isSameAs(catalog.engine("a"));
        assertThat(events).containsExactly("opened a");
    }

    /** Planted: no memory of failures; the second model then got a NoClassDefFoundError for a reason. */
    @Test
    void triesAnEngineThatDidNotOpenOnlyOnceAndRepeatsTheReason() {
        LinkageError reason = new UnsatisfiedLinkError("libonnx.so");
        EngineCatalog catalog = catalog(new FakeProvider("a", EngineProvider.SPI_VERSION, Set.of(), () -> {
            events.add("tried");
            throw reason;
        }));

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> catalog.engine("a"))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOAD_FAILED))
                    .hasMessage("Engine a could not be opened")
                    .hasRootCause(reason);
        }
        assertThat(events).containsExactly("tried");
    }

    @Test
    void namesTheEnginesThereAreWhenAskedForAnother() {
        assertThatThrownBy(() -> catalog(provider("b"), provider("a")).engine("c"))
                .hasMessage("Unknown engine: c (expected one of: a, b)");
    }

    @Test
    void saysWhatToDoAboutWhatIsNotThere() {
        EngineCatalog.Absent absent = new EngineCatalog.Absent() {
            @Override
            public String engine(String id) {
                return ". Add " + id;
            }

            @Override
            public String file(String name) {
                return ". Add what runs " + name;
            }
        };
        EngineCatalog catalog = new EngineCatalog(List.of(provider("a", ".a")), id -> SETTINGS, absent);

        assertThatThrownBy(() -> catalog.engine("c")).hasMessage("Unknown engine: c (expected one of: a). Add c");
        assertThatThrownBy(() -> catalog.engineFor("m.c"))
                .hasMessage("No engine runs the file m.c (expected one ending in: .a). Add what runs m.c");
    }

    /** Planted: findFirst() over the suffixes; ".pt" then won over ".quant.pt". */
    @Test
    void choosesByTheLongestSuffixAndThenByTheFirstId() {
        EngineCatalog catalog = catalog(provider("z", ".pt"), provider("y", ".pt"), provider("x", ".quant.pt"));

        assertThat(catalog.engineFor("model.pt")).isEqualTo("y");
        assertThat(catalog.engineFor("model.quant.pt")).isEqualTo("x");
        assertThatThrownBy(() -> catalog.engineFor("model.bin"))
                .hasMessage("No engine runs the file model.bin (expected one ending in: .pt, .quant.pt)");
    }

    /** Planted: endsWith for whole names, too. */
    @Test
    void takesAWholeNameForThatFileOnlyInWhateverFolder() {
        EngineCatalog catalog = catalog(provider("a", ".onnx"), provider("tf", "saved_model.pb"));

        assertThat(catalog.engineFor("export/saved_model.pb")).isEqualTo("tf");
        assertThat(catalog.engineFor("saved_model.pb")).isEqualTo("tf");
        assertThatThrownBy(() -> catalog.engineFor("my_saved_model.pb"))
                .hasMessageStartingWith("No engine runs the file my_saved_model.pb");
        assertThatThrownBy(() -> catalog.engineFor("export/.onnx")).hasMessageStartingWith("No engine runs");
        assertThat(catalog.fileSuffixes()).containsExactlyInAnyOrder(".onnx", "saved_model.pb");
    }

    @Test
    void refusesProvidersOfAnotherSpiVersionAndTwoOfOneName() {
        FakeProvider old = new FakeProvider("old", 0, Set.of(), () -> {
            throw new AssertionError("opened");
        });

        assertThatIllegalArgumentException()
                .isThrownBy(() -> catalog(old))
                .withMessage("engine 'old' was built for SPI version 0 (expected: " + EngineProvider.SPI_VERSION + ")");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> catalog(provider("a"), provider("a")))
                .withMessage("engine 'a' is there twice");
    }

    /** Planted: close() that stops at the first failure. */
    @Test
    void closesEveryEngineAlsoWhenOneFailsAndOpensNoneAfterwards() {
        EngineCatalog catalog = catalog(breaking("a", new IllegalStateException("busy")), provider("b"), provider("c"));
        catalog.engine("a");
        catalog.engine("b");
        catalog.close();
        catalog.close();

        assertThat(events).containsExactly("opened b", "closed b");
        assertThatThrownBy(() -> catalog.engine("c"))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SHUTTING_DOWN));
    }

    private record FakeHandler(Set<String> names, Supplier<LoadedModel> attaching) implements HandlerProvider {
        @Override
        public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
            return attaching.get();
        }
    }

    private CatalogModelLoader loader(HandlerProvider... handlers) {
        return new CatalogModelLoader(
                catalog(provider("onnx", ".onnx")), List.of(handlers), new HandlerContext(BufferAllocator.unpooled()));
    }

    @Test
    void loaderPutsTheHandlerInFrontOfTheEnginesModel() {
        LoadedModel attached = ScriptedModel.answering(new Numbers(ModelRef.of("m")));
        CatalogModelLoader loader = loader(new FakeHandler(Set.of("numbers"), () -> attached));
        ModelSpec spec = Specs.spec(new ModelId("m", "1"), 1);

        loader.check(spec);
        assertThat(loader.load(spec)).isSameAs(attached);
        assertThat(events).containsExactly("opened onnx");
    }

    /** Planted: catching RuntimeException only; the weights leaked when the handler's class could not be linked. */
    @Test
    void loaderFreesTheWeightsOfAModelItsHandlerRefused() {
        CatalogModelLoader loader = loader(new FakeHandler(Set.of("numbers"), () -> {
            throw new NoClassDefFoundError("Tokenizer");
        }));

        assertThatThrownBy(() -> loader.load(Specs.spec(new ModelId("m", "1"), 1)))
                .isInstanceOf(NoClassDefFoundError.class);
        assertThat(events).containsExactly("opened onnx", "model closed");
    }

    @Test
    void loaderNamesTheHandlersThereAreAndRefusesTwoOfOneName() {
        FakeHandler handler = new FakeHandler(Set.of("image"), () -> {
            throw new AssertionError("attached");
        });

        assertThatThrownBy(() -> loader(handler).check(Specs.spec(new ModelId("m", "1"), 1)))
                .hasMessage("Unknown handler: numbers (expected one of: image)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> loader(handler, handler))
                .withMessage("handler 'image' is there twice");
        assertThat(events).isEmpty();
    }
}
