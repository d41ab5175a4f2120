// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.SequenceRef;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.tensor.DataBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SchedulingHeadersTest {
    private final SchedulingHeaders shared = new SchedulingHeaders(Optional.empty(), Optional.empty());
    private final SchedulingHeaders byTeam = new SchedulingHeaders(Optional.empty(), Optional.of("X-Team"));

    private static RestRequest request(String... namesAndValues) {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(Map.entry(namesAndValues[i], namesAndValues[i + 1]));
        }
        return new RestRequest(
                "id",
                "POST",
                "/predictions/m",
                Map.of(),
                Map.of(),
                headers,
                DataBuffer.wrap(new byte[0]),
                0,
                new Cancellation());
    }

    @Test
    void readsTheSequenceOfARequest() {
        assertThat(shared.sequence(request())).isEmpty();
        assertThat(shared.sequence(request("ts_request_sequence_id", " "))).isEmpty();
        assertThat(shared.sequence(request("TS_Request_Sequence_ID", "a")))
                .contains(new SequenceRef("a", false, false));
        assertThat(shared.sequence(request("ts_request_sequence_id", "a", "ts_request_sequence_start", "True")))
                .contains(new SequenceRef("a", true, false));
        assertThat(shared.sequence(request("ts_request_sequence_id", "a", "ts_request_sequence_end", "true")))
                .contains(new SequenceRef("a", false, true));
    }

    /** Planted: the id alone; one tenant went on with the state of another. */
    @Test
    void noTenantCanNameTheSequenceOfAnother() {
        List<SequenceRef> sequences = new ArrayList<>();
        for (String[] teamAndId : new String[][] {{"red", "1"}, {"blue", "1"}, {"re", "d1"}, {"", "1"}}) {
            sequences.add(byTeam.sequence(request("X-Team", teamAndId[0], "ts_request_sequence_id", teamAndId[1]))
                    .orElseThrow());
        }

        assertThat(sequences).doesNotHaveDuplicates();
    }

    @Test
    void refusesAnIdThatIsTooLong() {
        assertThatThrownBy(() -> shared.sequence(request("ts_request_sequence_id", "x".repeat(257))))
                .hasMessage("ts_request_sequence_id: 257 characters (expected: at most 256)");
    }
}
