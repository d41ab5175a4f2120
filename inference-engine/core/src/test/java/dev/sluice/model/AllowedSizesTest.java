// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AllowedSizesTest {
    /** Of 2, 4 and 8. */
    @ParameterizedTest
    @CsvSource({
        // rows, holding, within, after
        "1, 2, 2, 2",
        "2, 2, 2, 4",
        "3, 4, 2, 4",
        "4, 4, 4, 8",
        "7, 8, 4, 8",
        "8, 8, 8, 8",
        "9, 9, 8, 9",
    })
    void finds(int rows, int holding, int within, int after) {
        AllowedSizes sizes = AllowedSizes.of(2, 4, 8);

        assertThat(sizes.holding(rows)).isEqualTo(holding);
        assertThat(sizes.within(rows)).isEqualTo(within);
        assertThat(sizes.after(rows)).isEqualTo(after);
    }

    @Test
    void changesNothingWhereAnySizeWillDo() {
        assertThat(AllowedSizes.ANY.holding(7)).isEqualTo(7);
        assertThat(AllowedSizes.ANY.within(7)).isEqualTo(7);
        assertThat(AllowedSizes.ANY.after(7)).isEqualTo(8);
    }

    @Test
    void refusesWhatIsNotInOrder() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AllowedSizes.of(1, 4, 4))
                .withMessage(
                        "allowedSizes: [1, 4, 4] (expected: whole numbers from 1, each larger than the one before)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AllowedSizes(List.of(0, 4)))
                .withMessageContaining("[0, 4]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BatchSpec(6, Duration.ZERO).withSizes(AllowedSizes.of(1, 8)))
                .withMessage("allowedSizes: [1, 8] (expected: the last to be 6, the largest batch)");
    }
}
