// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a listener binds.
 *
 * @param host name or address without brackets
 * @param port 0 for any that is free
 */
public record BindAddress(String host, int port) {
    private static final Pattern FORM = Pattern.compile(
            "(?:(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://)?(?:\\[(?<six>[0-9a-fA-F:.]+(?:%[\\w.-]+)?)]|(?<host>[^:/\\[\\]]+))(?::(?<port>\\d{1,5}))?/?");
    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "ip6-localhost", "::1");

    /** Reads {@code http://host:port}, where host may be an IPv6 address in brackets. */
    static BindAddress parse(Setting setting, int portIfMissing) {
        if (setting.value().startsWith("unix:")) {
            throw setting.refused("http://HOST:PORT, as Unix sockets are not served yet");
        }
        Matcher form = FORM.matcher(setting.value());
        if (!form.matches()) {
            throw setting.refused("http://HOST:PORT, or http://[IPv6]:PORT");
        }
        String scheme = form.group("scheme");
        if (scheme != null && !scheme.equalsIgnoreCase("http")) {
            throw setting.refused("http://HOST:PORT, as TLS is not served yet; put a TLS proxy in front");
        }
        int port = form.group("port") == null ? portIfMissing : Integer.parseInt(form.group("port"));
        if (port > 65_535) {
            throw setting.refused("a port of 0..65535");
        }
        String six = form.group("six");
        return new BindAddress(six == null ? form.group("host") : six, port);
    }

    /** The address a socket is bound to. */
    public static BindAddress of(InetSocketAddress address) {
        return new BindAddress(address.getAddress().getHostAddress(), address.getPort());
    }

    /** Whether only this machine can reach it. Asks no name server: a name that is not known to be loopback is not. */
    public boolean isLoopback() {
        if (LOOPBACK_NAMES.contains(host)) {
            return true;
        }
        boolean literal = host.indexOf(':') >= 0 || host.matches("\\d{1,3}(\\.\\d{1,3}){3}");
        InetAddress address = literal ? socketAddress().getAddress() : null;
        return address != null && address.isLoopbackAddress();
    }

    /** Resolved; unresolved inside if the name is unknown. */
    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
