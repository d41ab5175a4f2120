// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.transport.http.LeakGuard;
import dev.sluice.server.transport.http.RawClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakGuard.class)
@Timeout(60)
final class TorchServeGoldenTest {
    private static List<String> files() throws Exception {
        return GoldenFile.names();
    }

    @Test
    void findsFiles() throws Exception {
        assertThat(files()).hasSizeGreaterThanOrEqualTo(20);
    }

    @ParameterizedTest
    @MethodSource("files")
    void answersAsInFile(String file) throws Exception {
        GoldenFile golden = GoldenFile.read(file);
        try (FakeServer server = new FakeServer(golden.setup())) {
            golden.models().forEach(server::with);
            for (GoldenFile.Exchange exchange : golden.exchanges()) {
                try (RawClient client = server.client(exchange.plane())) {
                    client.send(exchange.request());
                    assertThat(client.receive().text()).matches(exchange.expected());
                }
            }
        }
    }
}
