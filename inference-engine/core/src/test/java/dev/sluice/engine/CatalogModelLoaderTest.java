// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.Specs;
import dev.sluice.model.Device;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Placement;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogModelLoaderTest {
    /** Where models were loaded. */
    private final List<String> loaded = new ArrayList<>();

    /** Seen to fail when the limit on cards was not looked at, and when each model was said to be on cards. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''            | 10000 | [cuda:0, cuda:1] | true
            ''            | 1     | [cuda:0]         | true
            ''            | 0     | [cpu]            | false
            cpu           | 10000 | [cpu]            | false
            cuda:1        | 10000 | [cuda:1]         | true
            cuda:1        | 1     | [cpu]            | false
            cuda:1 cuda:7 | 10000 | [cuda:1]         | true
            cpu cuda:0    | 10000 | [cpu, cuda:0]    | false
            """)
    void usesTheDevicesThatAreWantedAllowedAndThere(String wanted, int cards, String devices, boolean isOnCards) {
        List<Device> placement = Stream.of(wanted.split(" ", -1))
                .flatMap(name -> Device.named(name).stream())
                .toList();

        LoadedModel model = loader(cards, false).load(spec(placement, Optional.of("model.fake")));

        assertThat(loaded).hasToString(devices);
        assertThat(model.isOnCards()).isEqualTo(isOnCards);
    }

    /** Seen to fail when a handler that works alone got a model all the same, and when any handler went without. */
    @Test
    void needsNoModelFileForAHandlerThatWorksAlone() {
        ModelSpec spec = spec(List.of(), Optional.empty());

        loader(0, true).check(spec);
        assertThat(loader(0, true).load(spec)).isInstanceOf(HandledModel.class);
        assertThat(loaded).isEmpty();
        assertThatThrownBy(() -> loader(0, false).check(spec)).hasMessage("Model m names no serialized file to load");
        assertThatThrownBy(() -> loader(0, false).load(spec)).hasMessage("Model m names no serialized file to load");
        loader(0, true).load(spec(List.of(), Optional.of("model.fake")));
        assertThat(loaded).containsExactly("cpu");
    }

    /** Seen to fail when the context was handed on as it is. */
    @Test
    void lendsEachHandlerTheMetricsOfItsModel() {
        List<String> told = new ArrayList<>();
        HandlerMetrics metrics = new HandlerMetrics() {
            @Override
            public void add(HandlerMetric metric) {
                told.add("of nobody");
            }

            @Override
            public HandlerMetrics of(ModelId model) {
                return metric -> told.add(model + " " + metric.name());
            }
        };
        HandlerContext context = new HandlerContext(BufferAllocator.unpooled(), TokenizerSource.NONE, metrics);
        CatalogModelLoader loader = new CatalogModelLoader(engines(), List.of(new FakeHandler(true)), context);

        loader.load(spec(List.of(), Optional.empty()));
        loader.load(spec(List.of(), Optional.of("model.fake")));

        assertThat(told).containsExactly("m:1 alone", "m:1 before a model");
    }

    private static ModelSpec spec(List<Device> wanted, Optional<String> file) {
        ModelSpec plain = Specs.spec(new ModelId("m", "1"), 1);
        return new ModelSpec(
                plain.id(),
                plain.location(),
                new ModelFiles(Path.of("unused"), file),
                Optional.empty(),
                plain.handler(),
                plain.batching(),
                plain.instances(),
                new Placement(wanted, OptionalInt.empty()),
                plain.limits(),
                plain.options());
    }

    private CatalogModelLoader loader(int cards, boolean worksAlone) {
        HandlerContext context = new HandlerContext(BufferAllocator.unpooled());
        return new CatalogModelLoader(engines(), List.of(new FakeHandler(worksAlone)), context, cards);
    }

    private EngineCatalog engines() {
        return new EngineCatalog(
                List.of(new FakeEngine(loaded)),
                id -> new EngineSettings(Optional.empty(), Path.of("unused"), 1, BufferAllocator.unpooled()));
    }

    private record FakeHandler(boolean worksAlone) implements HandlerProvider {
        @Override
        public Set<String> names() {
            return Set.of("numbers");
        }

        @Override
        public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
            context.metrics().add(HandlerMetric.counter("before a model", 1));
            return HandledModel.of(model, (request, instance) -> List.of());
        }

        @Override
        public LoadedModel attach(ModelSpec spec, HandlerContext context) {
            context.metrics().add(HandlerMetric.counter("alone", 1));
            return HandledModel.alone(request -> List.of());
        }
    }

    /** Has two cards. */
    private record FakeEngine(List<String> loaded) implements EngineProvider, Engine {
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
            return new EngineInfo("fake", "1", List.of(Device.CPU, Device.cuda(0), Device.cuda(1)), "two cards");
        }

        @Override
        public TensorModel load(ModelSpec spec, Device device) {
            loaded.add(device.toString());
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
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }
}
