// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a listener binds.
 *
 * @param host name or address without brackets
 * @param port 0 for any that is free
 * @param tls whether it speaks TLS
 * @param socketFile the Unix socket that it is, without host and port
 */
public record BindAddress(String host, int port, boolean tls, Optional<Path> socketFile) {
    private static final String SOCKET = "unix:";

    private static final Pattern FORM = Pattern.compile(
            "(?:(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://)?(?:\\[(?<six>[0-9a-fA-F:.]+(?:%[\\w.-]+)?)]|(?<host>[^:/\\[\\]]+))(?::(?<port>\\d{1,5}))?/?");
    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "ip6-localhost", "::1");

    public BindAddress(String host, int port) {
        this(host, port, false, Optional.empty());
    }

    /**
     * Reads {@code http://host:port}, where host may be an IPv6 address in brackets, {@code https://host:port} or
     * {@code unix:/path}.
     *
     * @param port if it names none and speaks HTTP
     * @param tlsPort if it names none and speaks HTTPS
     */
    static BindAddress parse(Setting setting, int port, int tlsPort) {
        if (setting.value().startsWith(SOCKET)) {
            return socket(setting);
        }
        Matcher form = FORM.matcher(setting.value());
        if (!form.matches()) {
            throw setting.refused("http://HOST:PORT, or http://[IPv6]:PORT");
        }
        String scheme =
                form.group("scheme") == null ? "http" : form.group("scheme").toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw setting.refused("http://HOST:PORT, https://HOST:PORT or unix:/PATH");
        }
        boolean tls = scheme.equals("https");
        int portIfMissing = tls ? tlsPort : port;
        int given = form.group("port") == null ? portIfMissing : Integer.parseInt(form.group("port"));
        if (given > 65_535) {
            throw setting.refused("a port of 0..65535");
        }
        String six = form.group("six");
        return new BindAddress(six == null ? form.group("host") : six, given, tls, Optional.empty());
    }

    private static BindAddress socket(Setting setting) {
        try {
            Path file = Path.of(setting.value().substring(SOCKET.length()));
            if (file.isAbsolute()) {
                return new BindAddress("", 0, false, Optional.of(file));
            }
        } catch (InvalidPathException e) {
            throw setting.refused("unix:/PATH");
        }
        throw setting.refused("unix:/PATH, with the whole path of the socket");
    }

    /** The address a socket is bound to. */
    public static BindAddress of(InetSocketAddress address) {
        return new BindAddress(address.getAddress().getHostAddress(), address.getPort());
    }

    /** Whether only this machine can reach it. Asks no name server: a name that is not known to be loopback is not. */
    public boolean isLoopback() {
        if (socketFile.isPresent()) {
            return true;
        }
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

    /** {@code http://host:port}, {@code https://host:port} or {@code unix:/path}. */
    public String url() {
        return socketFile.map(file -> SOCKET + file).orElseGet(() -> (tls ? "https://" : "http://") + this);
    }

    @Override
    public String toString() {
        if (socketFile.isPresent()) {
            return SOCKET + socketFile.get();
        }
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
