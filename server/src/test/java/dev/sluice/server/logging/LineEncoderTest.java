// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class LineEncoderTest {
    private static final String HOSTILE = "a\r\nb\u001b[2J\u2028c\u0085\"\\\u007f\u0000d\té";

    private static LoggingEvent event(String message, @Nullable Throwable failure) {
        LoggingEvent event = new LoggingEvent(
                "unused",
                ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger("dev.sluice.X"),
                Level.INFO,
                message,
                failure,
                null);
        event.setInstant(Instant.parse("2026-01-02T03:04:05.678Z"));
        event.setThreadName("main");
        return event;
    }

    @Test
    void writesTheOriginalsPatterns() {
        assertThat(new TextEncoder(false, ZoneOffset.UTC).line(event("hello", null)))
                .isEqualTo("2026-01-02T03:04:05,678 [INFO ] main dev.sluice.X - hello\n");
        assertThat(new TextEncoder(true, ZoneOffset.UTC).line(event("hello", null)))
                .isEqualTo("2026-01-02T03:04:05,678 - hello\n");
    }

    /** Seen to fail when messages were written as they are. */
    @Test
    void keepsOneRecordOnOneLine() {
        assertThat(new TextEncoder(true, ZoneOffset.UTC).line(event(HOSTILE, null)))
                .isEqualTo("2026-01-02T03:04:05,678 - " + "a\\r\\nb\\u001b[2J\\u2028c\\u0085\"\\\\u007f\\u0000d\té\n");
    }

    @Test
    void startsEachLineOfStackTraceWithTab() {
        String text = new TextEncoder(false, ZoneOffset.UTC)
                .line(event("failed", new IllegalStateException("x\n2026-01-02T03:04:05,678 [INFO ] forged")));

        assertThat(text.lines().skip(1)).isNotEmpty().allMatch(line -> line.startsWith("\t"));
    }

    /** Seen to fail when characters that JSON allows were left as they are. */
    @Test
    void writesOneJsonObjectPerLine() throws Exception {
        String line = new JsonEncoder().line(event(HOSTILE, new IllegalStateException("why\nnot")));
        JsonNode read = new ObjectMapper().readTree(line);

        assertThat(line.chars().filter(c -> c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0x2028))
                .containsExactly((int) '\n');
        assertThat(read.path("ts").asText()).isEqualTo("2026-01-02T03:04:05.678Z");
        assertThat(read.path("level").asText()).isEqualTo("INFO");
        assertThat(read.path("logger").asText()).isEqualTo("dev.sluice.X");
        assertThat(read.path("thread").asText()).isEqualTo("main");
        assertThat(read.path("msg").asText()).isEqualTo(HOSTILE);
        assertThat(read.path("error.type").asText()).isEqualTo("java.lang.IllegalStateException");
        assertThat(read.path("error.message").asText()).isEqualTo("why\nnot");
        assertThat(read.path("error.stack").asText()).contains("LineEncoderTest");
    }

    /** Seen to fail when messages were written as they are. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Registered a:1 from https://h.example/m.mar?X-Amz-Signature=key | Registered a:1 from https://h.example/m.mar?...
            a=https://user:key@h.example:8443/m.mar,b=b.mar                 | a=https://h.example:8443/m.mar,b=b.mar
            "POST /models?url=https%3a%2F%2Fh%2fm.mar%3Fs%3Dkey HTTP/1.1"   | "POST /models?url=https%3a%2F%2Fh%2fm.mar%3F... HTTP/1.1"
            "POST /models?url=https://h/m.mar?s=key&workers=1 HTTP/1.1"     | "POST /models?url=https://h/m.mar?... HTTP/1.1"
            "GET /models?limit=3 HTTP/1.1" of http://127.0.0.1:8081         | "GET /models?limit=3 HTTP/1.1" of http://127.0.0.1:8081
            https://h?key                                                   | https://h?...
            """)
    void leavesUsersAndQueriesOfUrlsOut(String message, String written) throws Exception {
        assertThat(new TextEncoder(true, ZoneOffset.UTC).line(event(message, null)))
                .endsWith(" - " + written + "\n");
        JsonNode json =
                new ObjectMapper().readTree(new JsonEncoder().line(event(message, new IllegalStateException(message))));
        assertThat(json.path("msg").asText()).isEqualTo(written);
        assertThat(json.path("error.message").asText()).isEqualTo(written);
        assertThat(json.path("error.stack").asText()).contains(written).doesNotContain("key");
    }
}
