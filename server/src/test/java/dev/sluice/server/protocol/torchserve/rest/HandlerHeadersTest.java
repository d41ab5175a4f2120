// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.ResponseDetails;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HandlerHeadersTest {
    private static ResponseDetails details(int status, String reason) {
        return new ResponseDetails(OptionalInt.of(status), reason, Map.of());
    }

    /** A status below 200 ends no request. */
    @ParameterizedTest
    @CsvSource({"100, 200", "199, 200", "200, 200", "204, 204", "599, 599", "999, 999"})
    void takesStatusesThatEndARequest(int chosen, int sent) {
        assertThat(HandlerHeaders.status(details(chosen, ""))).isEqualTo(sent);
        assertThat(HandlerHeaders.status(ResponseDetails.NONE)).isEqualTo(200);
    }

    @Test
    void leavesOutAReasonThatCannotBeSent() {
        assertThat(HandlerHeaders.reason(details(200, "nearly fine"))).isEqualTo("nearly fine");
        assertThat(HandlerHeaders.reason(details(200, "a\r\nb: c"))).isEmpty();
        assertThat(HandlerHeaders.reason(details(200, "\u00fc"))).isEmpty();
        assertThat(HandlerHeaders.reason(details(200, "x".repeat(257)))).isEmpty();
    }

    @Test
    void leavesOutHeadersThatCannotBeSentOrAreTheServers() {
        Map<String, String> wanted = new LinkedHashMap<>();
        wanted.put("dummy", "1");
        wanted.put("CONTENT-length", "7");
        wanted.put("Transfer-Encoding", "chunked");
        wanted.put("Cache-Control", "max-age=1");
        wanted.put("", "1");
        wanted.put("a b", "1");
        wanted.put("a\u00fc", "1");
        wanted.put("x", "1\r\ny: 2");
        wanted.put("nul", "\0");
        wanted.put("wide", "\u20ac");
        wanted.put("Tab", "1\t2");
        wanted.put("large", "x".repeat(32_768));
        wanted.put("late", "small, but too much was said before");

        assertThat(HandlerHeaders.sendable(wanted)).containsExactly(Map.entry("dummy", "1"), Map.entry("Tab", "1\t2"));
    }
}
