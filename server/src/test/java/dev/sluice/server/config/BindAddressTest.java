// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://",
                "http://::1:8080",
                "http://host:99999",
                "http://host:port",
                "http://host:1/path",
                "https://127.0.0.1:8443",
                "unix:/tmp/socket"
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
        return BindAddress.parse(new Setting(ConfigKey.INFERENCE_ADDRESS, text, "a test"), 77);
    }
}
