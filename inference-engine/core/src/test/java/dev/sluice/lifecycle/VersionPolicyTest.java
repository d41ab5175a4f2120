// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionPolicyTest {
    /** Each line lowest first. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0 1 2 9 10 11 100 20240131120000 99999999999999999999999",
                "1 1.0 1.0.1 1.2 1.10 2 2.0.1",
                "1.0 1.0-rc1 1.0-rc2 1.0-rc10",
                "beta v1 v2 v10 1",
                "00000123 0123 123 124",
                "1.0 1.00 1.1",
                "1\u0661 2"
            })
    void ordersNumbersAsNumbersAndTextsByTheirParts(String line) {
        List<String> sorted = List.of(line.split(" "));
        List<String> shuffled = new ArrayList<>(sorted);
        Collections.reverse(shuffled);
        shuffled.sort(VersionOrder.LOWEST_FIRST);

        assertThat(shuffled).isEqualTo(sorted);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().withChars("0019.-ab\u0661").ofMaxLength(6);
    }

    /** Seen to fail when texts that differ in leading zeros compared as equal, and when digits met text without a rule. */
    @Property(tries = 3000)
    void theOrderIsTotal(@ForAll("texts") String a, @ForAll("texts") String b, @ForAll("texts") String c) {
        VersionOrder order = VersionOrder.LOWEST_FIRST;

        assertThat(Integer.signum(order.compare(a, b))).isEqualTo(-Integer.signum(order.compare(b, a)));
        assertThat(order.compare(a, b) == 0).isEqualTo(a.equals(b));
        if (order.compare(a, b) < 0 && order.compare(b, c) < 0) {
            assertThat(order.compare(a, c)).isNegative();
        }
    }

    @Property
    void numbersAreOrderedAsNumbers(@ForAll @LongRange(min = 0) long a, @ForAll @LongRange(min = 0) long b) {
        assertThat(Integer.signum(VersionOrder.LOWEST_FIRST.compare(Long.toString(a), Long.toString(b))))
                .isEqualTo(Long.compare(a, b));
    }

    @Property
    void choosesTheHighestOfThoseThatAreThere(
            @ForAll Set<@IntRange(min = 0, max = 200) Integer> there, @ForAll @IntRange(min = 1, max = 5) int count) {
        List<String> texts = there.stream().map(String::valueOf).toList();

        List<Integer> chosen = new VersionPolicy.Latest(count)
                .wanted(texts).stream().map(Integer::valueOf).toList();

        assertThat(chosen)
                .isEqualTo(there.stream()
                        .sorted()
                        .skip(Math.max(0, there.size() - count))
                        .toList());
        assertThat(new VersionPolicy.All().wanted(texts)).containsExactlyInAnyOrderElementsOf(texts);
        assertThat(new VersionPolicy.Specific(Set.of("7", "8")).wanted(texts))
                .containsExactlyElementsOf(there.stream()
                        .filter(it -> it == 7 || it == 8)
                        .sorted()
                        .map(String::valueOf)
                        .toList());
    }

    @Test
    void refusesPoliciesThatWouldChooseNothing() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new VersionPolicy.Latest(0))
                .withMessage("latest versions: 0 (expected: 1 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new VersionPolicy.Specific(Set.of()))
                .withMessage("specific versions: none (expected: 1 or more)");
    }
}
