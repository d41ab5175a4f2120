// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricLineTest {
    private static final String LINE =
            "[METRICS]PredictionTime.ms:1.5|#ModelName:m,Level:Model|#type:GAUGE|#hostname:h1,1717105307,a,b";

    @Test
    void readsEveryPart() {
        assertThat(MetricLine.parse(LINE))
                .contains(new MetricLine(
                        "PredictionTime",
                        "ms",
                        1.5,
                        Map.of("ModelName", "m", "Level", "Model"),
                        Optional.of(Kind.GAUGE),
                        "h1",
                        1717105307,
                        List.of("a", "b")));
    }

    @Test
    void readsLinesOfCommandsAndLogs() {
        assertThat(MetricLine.parse("CPUUtilization.Percent:12.0|#Level:Host|#hostname:h1,1717105307"))
                .map(MetricLine::kind)
                .contains(Optional.empty());
        assertThat(MetricLine.parse("INFO > " + LINE)).isPresent();
    }

    /** The original answers each of these with a line of the error log. */
    @ParameterizedTest
    @CsvSource({
        "a-b/c, ms, 1, 1",
        "errors, '', 1, 1",
        "a, ms, nan, NaN",
        "a, ms, inf, Infinity",
        "a, ms, 1e+06, 1000000",
        "a.b, ms, -2, -2"
    })
    void readsWhatTheOriginalRefuses(String name, String unit, String value, double expected) {
        MetricLine line = MetricLine.parse(name + "." + unit + ":" + value + "|#Level:Model|#hostname:h1,1")
                .orElseThrow();

        assertThat(line.name()).isEqualTo(name);
        assertThat(line.unit()).isEqualTo(unit);
        assertThat(Double.compare(line.value(), expected)).isZero();
    }

    @Test
    void keepsColonsAndCommasOfValues() {
        assertThat(MetricLine.parse("a.ms:1|#url:http://x:1,2,b:c|#hostname:h1,1")
                        .orElseThrow()
                        .dimensions())
                .isEqualTo(Map.of("url", "http://x:1,2", "b", "c"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[METRICS]",
                "hello",
                "a.ms:1",
                "a.ms:x|#|#hostname:h1,1",
                "a.ms:0x1p3|#|#hostname:h1,1",
                "a.ms:1|#|#hostname:h1",
                "a.ms:1|#|#hostname:h1,x",
                ".ms:1|#|#hostname:h1,1",
                "a.ms:1|#a:b|#type:SUMMARY|#hostname:h1,1",
                "a.ms:1|#a:b\u0000|#hostname:h1,1"
            })
    void refusesWhatIsNoMetric(String line) {
        assertThat(MetricLine.parse(line)).isEmpty();
    }

    /** Seen to fail (an index out of range) when the end of the dimensions was not compared with their start. */
    @Test
    void neverThrows() {
        Random random = new Random(20261121);
        String alphabet = "[]METRICS.:|#,abtype:GAUGEhostname 19e+-\n\u00e9";
        for (int i = 0; i < 200_000; i++) {
            StringBuilder line = new StringBuilder(LINE);
            for (int edits = random.nextInt(6); edits >= 0; edits--) {
                int at = random.nextInt(line.length());
                switch (random.nextInt(3)) {
                    case 0 -> line.deleteCharAt(at);
                    case 1 -> line.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
                    default -> line.insert(at, line.substring(random.nextInt(line.length())));
                }
                line.setLength(Math.max(1, Math.min(line.length(), 500)));
            }
            MetricLine.parse(line.toString())
                    .ifPresent(parsed -> assertThat(parsed.name()).isNotEmpty());
        }
    }

    /** Seen to fail when a handler could count for another model. */
    @Test
    void speaksOfTheModelThatPrintedIt() {
        MetricLine line = MetricLine.parse("[METRICS]N.Count:1|#ModelName:other,Level:Model|#hostname:h,1")
                .orElseThrow();
        MetricLine silent = MetricLine.parse("[METRICS]N.Count:1|#Level:Model|#hostname:h,1")
                .orElseThrow();

        assertThat(line.ofModel("own").dimensions()).isEqualTo(Map.of("ModelName", "own", "Level", "Model"));
        assertThat(silent.ofModel("own")).isEqualTo(silent);
    }
}
