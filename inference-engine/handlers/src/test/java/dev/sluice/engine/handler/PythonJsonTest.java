// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PythonJsonTest {
    /** Right column: {@code json.dumps} of CPython 3.11. */
    @ParameterizedTest
    @CsvSource({
        "0.0, 0.0",
        "-0.0, -0.0",
        "1.0, 1.0",
        "-2.5, -2.5",
        "0.1, 0.1",
        "0.0001, 0.0001",
        "0.00012345, 0.00012345",
        "0.00001, 1e-05",
        "0.000012345, 1.2345e-05",
        "1e-10, 1e-10",
        "1.5e-300, 1.5e-300",
        "123456789.125, 123456789.125",
        "1e15, 1000000000000000.0",
        "9007199254740993, 9007199254740992.0",
        "1e16, 1e+16",
        "1.25e16, 1.25e+16",
        "1e22, 1e+22",
        "1e23, 1e+23",
        "1.7976931348623157e308, 1.7976931348623157e+308",
        "2.2250738585072014e-308, 2.2250738585072014e-308",
        "5.684341886080802e-14, 5.684341886080802e-14",
        "0.9710871577262878, 0.9710871577262878",
        "NaN, NaN",
        "Infinity, Infinity",
        "-Infinity, -Infinity",
    })
    void writesNumbersAsPythonDoes(double value, String expected) {
        assertThat(text(Map.of("x", value))).isEqualTo("{\n  \"x\": " + expected + "\n}");
    }

    @Property
    void writesNumbersThatReadBack(@ForAll double value) {
        String text = text(Map.of("x", value));

        assertThat(Double.parseDouble(text.substring(9, text.length() - 2))).isEqualTo(value);
    }

    @Test
    void keepsTheOrderAndPutsOneMemberPerLine() {
        Map<String, Double> members = new LinkedHashMap<>();
        members.put("b", 0.75);
        members.put("a", 0.25);

        assertThat(text(members)).isEqualTo("{\n  \"b\": 0.75,\n  \"a\": 0.25\n}");
        assertThat(text(Map.of())).isEqualTo("{}");
    }

    @Test
    void escapesAllButPrintableAscii() {
        assertThat(text(Map.of("a\"\\/\n\r\t\b\f\u0001~\u007f\u00e9\u4e2d\ud83d\ude00", 1.0)))
                .isEqualTo("{\n  \"a\\\"\\\\/\\n\\r\\t\\b\\f\\u0001~\\u007f\\u00e9\\u4e2d\\ud83d\\ude00\": 1.0\n}");
    }

    private static String text(Map<String, Double> members) {
        return new String(PythonJson.object(members), StandardCharsets.US_ASCII);
    }
}
