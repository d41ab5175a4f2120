// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelNamesTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            noop.mar,        noop
            noop-v1.0.mar,   noop_v1_0
            noop.tar.gz,     noop_tar_gz
            resnet18.onnx,   resnet18
            a b.pt,          a_b
            boosted.ubj,     boosted
            saved_model.pb,  saved_model_pb
            directory,       directory
            """)
    void namesAModelAfterItsFile(String file, String name) {
        assertThat(ModelNames.fromFile(file, new ModelFinder(Samples.CAPABILITIES.fileSuffixes())))
                .isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", ".hidden", "-flag", "a/b", "a b", "a\nb", "ä", "a\u0000"})
    void refusesOddNames(String name) {
        assertThatThrownBy(() -> ModelNames.checkedName(name)).hasMessageStartingWith("model_name: ");
        assertThatThrownBy(() -> ModelNames.checkedVersion(name)).hasMessageStartingWith("modelVersion: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "_a", "resnet-18.v2", "1.0", "2024_01"})
    void takesOrdinaryNames(String name) {
        assertThat(ModelNames.checkedName(name)).isEqualTo(name);
        assertThat(ModelNames.checkedVersion(name)).isEqualTo(name);
    }
}
