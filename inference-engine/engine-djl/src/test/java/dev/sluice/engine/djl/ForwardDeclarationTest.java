// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardDeclarationTest {
    private static final String REFUSAL = "Expected at most 2 argument(s) for operator 'forward', but received 256"
            + " argument(s). Declaration: forward(__torch__.a.B self, Tensor x, (Tensor, int[])? y=None, int k=2) -> ((Tensor, int))";

    @Test
    void readsTheArgumentsOutOfARefusal() {
        assertThat(ForwardDeclaration.parse(REFUSAL).arguments())
                .containsExactly("Tensor x", "(Tensor, int[])? y=None", "int k=2");
    }

    @Test
    void findsNothingWhereNothingIsDeclared() {
        assertThat(ForwardDeclaration.parse("mat1 and mat2 do not fit").arguments())
                .isEmpty();
        assertThat(ForwardDeclaration.parse("Declaration: forward(").arguments())
                .isEmpty();
        assertThat(ForwardDeclaration.parse("Declaration: forward(__torch__.B self) -> int")
                        .arguments())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Tensor x | POSITIONAL",
                "Tensor x, Tensor y | POSITIONAL",
                "Tensor[] xs | LIST",
                "Tensor[] xs, int k=2 | LIST",
                "Tensor[] xs, int k | POSITIONAL",
                "Dict(str, Tensor) xs | DICT",
                "Dict(int, Tensor) xs | POSITIONAL",
                "(Tensor, Tensor) xs | TUPLE"
            })
    void passesTensorsInOneArgumentWhereItTakesNoOther(String arguments, InputStyle style) {
        String refusal = "Declaration: forward(__torch__.B self, " + arguments + ") -> Tensor";
        assertThat(ForwardDeclaration.parse(refusal).style()).isEqualTo(style);
    }
}
