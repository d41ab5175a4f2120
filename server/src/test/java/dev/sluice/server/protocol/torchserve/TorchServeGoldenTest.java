// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.transport.http.LeakGuard;
import dev.sluice.server.transport.http.RawClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakGuard.class)
@Timeout(60)
final class TorchServeGoldenTest {
    private static List<Path> files() throws Exception {
        URI folder =
                TorchServeGoldenTest.class.getResource("/golden/torchserve").toURI();
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files.filter(file -> file.toString().endsWith(".http"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void findsFiles() throws Exception {
        assertThat(files()).hasSizeGreaterThanOrEqualTo(20);
    }

    @ParameterizedTest
    @MethodSource("files")
    void answersAsInFile(Path file) {
        GoldenFile golden = GoldenFile.read(file);
        try (FakeServer server = new FakeServer(golden.modelApiEnabled())) {
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
