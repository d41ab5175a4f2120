// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BindAddressTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            http://127.0.0.1:8080,   127.0.0.1, 8080
            HTTP://localhost:1/,     localhost, 1
            127.0.0.1:9,             127.0.0.1, 9
            http://127.0.0.1,        127.0.0.1, 77
            http://[::1]:8080,       ::1,       8080
            http://[fe80::1%eth0],   fe80::1%eth0, 77
            http://0.0.0.0:0,        0.0.0.0,   0
            """)
    void readsHostAndPort(String text, String host, int port) {
        assertThat(parse(text)).isEqualTo(new BindAddress(host, port));
    }

    @Test
    void readsTlsAndUnixSockets() {
        assertThat(parse("https://127.0.0.1:8443"))
                .isEqualTo(new BindAddress("127.0.0.1", 8443, true, Optional.empty()));
        assertThat(parse("https://[::1]")).isEqualTo(new BindAddress("::1", 78, true, Optional.empty()));
        assertThat(parse("unix:/run/a.sock"))
                .isEqualTo(new BindAddress("", 0, false, Optional.of(Path.of("/run/a.sock"))))
                .hasToString("unix:/run/a.sock")
                .satisfies(address -> assertThat(address.isLoopback()).isTrue());
        assertThat(parse("https://[::1]").url()).isEqualTo("https://[::1]:78");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://",
                "http://::1:8080",
                "http://host:99999",
                "http://host:port",
                "http://host:1/path",
                "ftp://127.0.0.1:8443",
                "unix:relative/socket"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThatThrownBy(() -> parse(text)).hasMessageStartingWith("inference_address: " + text + " (expected: ");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            127.0.0.1,   true
            127.1.2.3,   true
            localhost,   true
            ::1,         true
            0:0:0:0:0:0:0:1, true
            0.0.0.0,     false
            ::,          false
            10.0.0.1,    false
            example.org, false
            127.0.0.1.example.org, false
            """)
    void knowsWhatOnlyThisMachineReaches(String host, boolean loopback) {
        assertThat(new BindAddress(host, 1).isLoopback()).isEqualTo(loopback);
    }

    @Test
    void printsIpv6InBrackets() {
        assertThat(new BindAddress("::1", 80)).hasToString("[::1]:80");
        assertThat(new BindAddress("host", 80)).hasToString("host:80");
    }

    private static BindAddress parse(String text) {
        return BindAddress.parse(new Setting(ConfigKey.INFERENCE_ADDRESS, text, "a test"), 77, 78);
    }
}
