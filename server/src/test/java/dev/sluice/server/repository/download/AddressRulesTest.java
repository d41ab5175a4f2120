// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRulesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "10.1.2.3",
                "100.64.0.1",
                "127.0.0.1",
                "127.255.255.254",
                "169.254.1.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "198.18.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "fe80::1",
                "fec0::1",
                "fc00::1",
                "fd12:3456::1",
                "ff02::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::127.0.0.1",
                "::ffff:0:10.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b::a00:1",
                "64:ff9b:1::1",
                "2002:7f00:1::",
                "2002:a00:1::1",
                "2001:0:0:0:0:0:80ff:fffe",
                "2001:db9::5efe:a00:1",
                "2001:db9::200:5efe:a00:1",
            })
    void refusesWhatIsNotPublic(String address) throws UnknownHostException {
        InetAddress parsed = InetAddress.getByName(address);

        assertThat(new AddressRules(false).allows(parsed)).isFalse();
        assertThat(new AddressRules(true).allows(parsed)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "169.254.170.2",
                "fd00:ec2::254",
                "::ffff:169.254.169.254",
                "::169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "2002:a9fe:a9fe::",
                "2001:0:0:0:0:0:5601:5601",
            })
    void refusesServicesThatHandOutCredentialsAlways(String address) throws UnknownHostException {
        InetAddress parsed = InetAddress.getByName(address);

        assertThat(new AddressRules(false).allows(parsed)).isFalse();
        assertThat(new AddressRules(true).allows(parsed)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "223.255.255.255",
                "2606:4700::1111",
                "64:ff9b::101:101",
                "2002:101:101::1",
            })
    void allowsPublicOnes(String address) throws UnknownHostException {
        assertThat(new AddressRules(false).allows(InetAddress.getByName(address)))
                .isTrue();
    }
}
