// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PlacementTest {
    private static final List<Device> TWO_CARDS = List.of(Device.CPU, Device.cuda(0), Device.cuda(1));

    private static Placement on(Device... devices) {
        return new Placement(List.of(devices), OptionalInt.empty());
    }

    @Test
    void namesDevicesAsOperatorsWriteThem() {
        assertThat(Device.named("cpu")).contains(Device.CPU);
        assertThat(Device.named("cuda:1")).contains(Device.cuda(1));
        assertThat(Device.cuda(1)).hasToString("cuda:1");
        assertThat(Device.CPU).hasToString("cpu");
        for (String other : List.of("", "gpu", "cuda", "cuda:", "cuda:-1", "cuda:99999", "CPU")) {
            assertThat(Device.named(other)).as(other).isEmpty();
        }
    }

    /** Planted: processors preferred to cards. */
    @Test
    void takesEveryCardWhenNothingIsWanted() {
        assertThat(Placement.DEFAULT.among(TWO_CARDS)).containsExactly(Device.cuda(0), Device.cuda(1));
        assertThat(Placement.DEFAULT.among(List.of(Device.CPU))).containsExactly(Device.CPU);
    }

    @Test
    void keepsTheOrderThatWasWanted() {
        assertThat(on(Device.cuda(1), Device.cuda(0)).among(TWO_CARDS)).containsExactly(Device.cuda(1), Device.cuda(0));
        assertThat(on(Device.CPU).among(TWO_CARDS)).containsExactly(Device.CPU);
    }

    @Test
    void runsOnProcessorsWhereNoneOfTheWantedIsThere() {
        assertThat(on(Device.cuda(5)).among(TWO_CARDS)).containsExactly(Device.CPU);
        assertThat(on(Device.cuda(5), Device.cuda(1)).among(TWO_CARDS)).containsExactly(Device.cuda(1));
    }

    @Test
    void refusesImpossibleNumbers() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Placement(List.of(), OptionalInt.of(0)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Device(Device.Kind.CPU, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> Device.cuda(-1));
    }
}
