// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.Specs;
import dev.sluice.model.Device;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlacedModelTest {
    private static final ModelSpec SPEC = Specs.spec(new ModelId("m", "1"), 1);
    private static final List<Device> CARDS = List.of(Device.cuda(0), Device.cuda(1), Device.cuda(2));

    private final List<String> events = new ArrayList<>();

    /** Notes where everything happens; refuses to load on card 9. */
    private final class NotingEngine implements Engine {
        @Override
        public EngineInfo info() {
            return EngineInfo.ofProcessors("noting", "1");
        }

        @Override
        public TensorModel load(ModelSpec spec, Device device) {
            if (device.index() == 9) {
                throw new IllegalStateException("no card 9");
            }
            return new NotingModel(device);
        }

        @Override
        public void close() {}
    }

    private final class NotingModel implements TensorModel {
        private final Device device;

        NotingModel(Device device) {
            this.device = device;
        }

        /** Card 7 lets nothing go. */
        private void note(String event) {
            events.add(event + " " + device);
            if (device.index() == 7) {
                throw new IllegalStateException(event + " " + device);
            }
        }

        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public TensorInstance newInstance() {
            events.add("instance on " + device);
            return new TensorInstance() {
                @Override
                public List<Tensor> run(List<Tensor> inputs) {
                    return inputs;
                }

                @Override
                public void close() {
                    note("closed on");
                }
            };
        }

        @Override
        public void close() {
            note("unloaded from");
        }
    }

    /** Planted: always the first device. */
    @Test
    void dealsInstancesOutEvenlyAndReplacesThemWhereTheyWere() {
        TensorModel model = PlacedModel.load(new NotingEngine(), SPEC, CARDS);
        List<TensorInstance> made = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            made.add(model.newInstance());
        }
        assertThat(events)
                .containsExactly(
                        "instance on cuda:0",
                        "instance on cuda:1",
                        "instance on cuda:2",
                        "instance on cuda:0",
                        "instance on cuda:1",
                        "instance on cuda:2");
        events.clear();
        made.get(4).close();
        made.get(4).close(); // counts once
        model.newInstance().close();
        assertThat(events)
                .containsExactly("closed on cuda:1", "closed on cuda:1", "instance on cuda:1", "closed on cuda:1");
        events.clear();
        model.close();
        assertThat(events).containsExactly("unloaded from cuda:0", "unloaded from cuda:1", "unloaded from cuda:2");
    }

    @Test
    void unloadsWhatWasLoadedWhenOneDeviceFails() {
        List<Device> withBroken = List.of(Device.cuda(0), Device.cuda(9));
        assertThatThrownBy(() -> PlacedModel.load(new NotingEngine(), SPEC, withBroken))
                .hasMessage("no card 9");
        assertThat(events).containsExactly("unloaded from cuda:0");
    }

    /** Seen to fail when the first failure ended it. */
    @Test
    void unloadsTheOthersWhereOneCannotBe() {
        List<Device> stuck = List.of(Device.cuda(0), Device.cuda(7), Device.cuda(1), Device.cuda(9));
        assertThatThrownBy(() -> PlacedModel.load(new NotingEngine(), SPEC, stuck))
                .hasMessage("no card 9")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        TensorModel model = PlacedModel.load(new NotingEngine(), SPEC, stuck.subList(0, 3));
        assertThatThrownBy(model::close).hasMessage("unloaded from cuda:7");
        assertThat(events)
                .containsExactly(
                        "unloaded from cuda:0",
                        "unloaded from cuda:7",
                        "unloaded from cuda:1",
                        "unloaded from cuda:0",
                        "unloaded from cuda:7",
                        "unloaded from cuda:1");
    }

    /** Seen to fail when an instance counted for ever that could not be closed. */
    @Test
    void anInstanceThatCannotBeClosedCountsNoLonger() {
        TensorModel model = PlacedModel.load(new NotingEngine(), SPEC, List.of(Device.cuda(7), Device.cuda(1)));
        TensorInstance stuck = model.newInstance();
        assertThatThrownBy(stuck::close).hasMessage("closed on cuda:7");
        events.clear();
        model.newInstance();
        assertThat(events).containsExactly("instance on cuda:7");
    }

    @Test
    void oneDeviceNeedsNothingInBetween() {
        assertThat(PlacedModel.load(new NotingEngine(), SPEC, List.of(Device.CPU)))
                .isInstanceOf(NotingModel.class);
    }
}
