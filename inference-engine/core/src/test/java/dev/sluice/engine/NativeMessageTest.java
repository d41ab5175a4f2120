// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeMessageTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mat1 and mat2 shapes cannot be multiplied (1x3 and 64x32)|mat1 and mat2 shapes cannot be multiplied (1x3 and 64x32)",
                "tensorprotoutils.cc:426 ValidateFromDir Absolute path not allowed|Absolute path not allowed",
                "open /srv/models/digits.onnx failed|open (path) failed",
                "open \"/srv/my models/digits.onnx\" failed|open \"(path)\" failed",
                "escapes: \"../../etc/passwd\"|escapes: \"(path)\"",
                "C:\\models\\digits.onnx is broken|(path) is broken",
                "cannot open libtorch_cpu.so: no such file|cannot open (library): no such file",
                "shape {1/2} of 3/4|shape {1/2} of 3/4"
            })
    void removesPlacesAndKeepsReasons(String text, String clean) {
        assertThat(NativeMessage.clean(text)).isEqualTo(clean);
    }

    @Test
    void isOneLineOfBoundedLength() {
        assertThat(NativeMessage.clean("first\n  second\t third ")).isEqualTo("first second third");
        assertThat(NativeMessage.clean("x".repeat(5000))).hasSizeLessThan(310).endsWith("...");
    }
}
