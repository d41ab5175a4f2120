// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import dev.sluice.inference.Ticker;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches a URL over HTTP. A host is looked up once for each request, all its addresses are checked, and the connection goes to
 * one of those: a name that means something else a moment later changes nothing. Each redirect is checked like the first URL.
 * The JDK's own client looks hosts up by itself, which is why it is not used.
 *
 * <p><b>Threads:</b> safe from any thread; blocks. The deadline is kept by a task of the JDK's timer, which closes the socket.
 */
final class HttpFetch {
    private static final Logger LOG = LoggerFactory.getLogger(HttpFetch.class);
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final int OK = 200;
    private static final Duration CONNECT = Duration.ofSeconds(10);

    /** Longest time in which nothing comes. */
    private static final Duration SILENCE = Duration.ofSeconds(60);

    private final AllowedUrls allowed;
    private final AddressRules rules;
    private final HostResolver resolver;
    private final Connector connector;
    private final SSLSocketFactory tls;
    private final Ticker ticker;

    HttpFetch(
            AllowedUrls allowed,
            AddressRules rules,
            HostResolver resolver,
            Connector connector,
            SSLSocketFactory tls,
            Ticker ticker) {
        this.allowed = allowed;
        this.rules = rules;
        this.resolver = resolver;
        this.connector = connector;
        this.tls = tls;
        this.ticker = ticker;
    }

    /** What is sent along with a request: the headers that prove who asks, made for each URL anew. */
    @FunctionalInterface
    interface Signer {
        Signer NONE = url -> Map.of();

        /** Headers for {@code url}; none for a host the proof is not meant for. */
        Map<String, String> headersFor(URI url) throws IOException;
    }

    /**
     * Writes what is at {@code start}, which is allowed, to {@code out}.
     *
     * @throws RefusedDownload for a reason that may be told
     * @throws IOException for any other
     */
    void fetch(URI start, Signer signer, Limits limits, OutputStream out) throws IOException {
        long deadline = ticker.nanos() + limits.timeout().toNanos();
        URI url = start;
        for (int redirects = 0; redirects <= limits.maxRedirects(); redirects++) {
            try (Socket raw = connect(url, deadline, limits)) {
                CompletableFuture<Void> cutOff =
                        CompletableFuture.runAsync(() -> close(raw), after(left(deadline, limits)));
                try {
                    ResponseReader answer = ask(raw, url, signer.headersFor(url));
                    if (answer.status() == OK) {
                        answer.readBody(out, limits.maxBytes());
                        return;
                    }
                    url = redirected(url, answer);
                } catch (IOException e) {
                    throw ticker.nanos() >= deadline ? tooSlow(limits) : e;
                } finally {
                    cutOff.cancel(false);
                }
            }
        }
        throw new RefusedDownload("more than " + limits.maxRedirects() + " redirects");
    }

    private static Executor after(Duration delay) {
        return CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("A download was cut off", e);
        }
    }

    private Duration left(long deadline, Limits limits) throws IOException {
        long nanos = deadline - ticker.nanos();
        if (nanos <= 0) {
            throw tooSlow(limits);
        }
        return Duration.ofNanos(nanos);
    }

    private static RefusedDownload tooSlow(Limits limits) {
        return new RefusedDownload(
                "not there after " + limits.timeout().toMillis() + " ms, the limit of download_timeout");
    }

    private Socket connect(URI url, long deadline, Limits limits) throws IOException {
        List<InetAddress> addresses = checked(host(url));
        IOException failure = new UnknownHostException(host(url));
        for (InetAddress address : addresses) {
            Duration left = left(deadline, limits);
            try {
                Socket socket = connector.connect(
                        address, port(url), left.compareTo(CONNECT) < 0 ? left.plusMillis(1) : CONNECT);
                socket.setSoTimeout((int) SILENCE.toMillis());
                return socket;
            } catch (IOException e) {
                failure = e;
            }
        }
        throw failure;
    }

    /** One that is not allowed rules out all: who answers so means no good. */
    private List<InetAddress> checked(String host) throws IOException {
        List<InetAddress> addresses = resolver.resolve(host);
        for (InetAddress address : addresses) {
            if (!rules.allows(address)) {
                throw new IOException(
                        host + " leads to " + address.getHostAddress() + ", which downloads may not be asked from");
            }
        }
        return addresses;
    }

    private static String host(URI url) {
        String host = url.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private static boolean isTls(URI url) {
        return url.getScheme().toLowerCase(Locale.ROOT).equals("https");
    }

    private static int port(URI url) {
        if (url.getPort() > 0) {
            return url.getPort();
        }
        return isTls(url) ? 443 : 80;
    }

    private ResponseReader ask(Socket raw, URI url, Map<String, String> headers) throws IOException {
        Socket socket = isTls(url) ? encrypted(raw, url) : raw;
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        StringBuilder request = new StringBuilder("GET ")
                .append(path)
                .append(url.getRawQuery() == null ? "" : "?" + url.getRawQuery())
                .append(" HTTP/1.1\r\nHost: ")
                .append(authority(url))
                .append("\r\nUser-Agent: sluice\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        OutputStream out = socket.getOutputStream();
        out.write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        out.flush();
        ResponseReader answer = new ResponseReader(socket.getInputStream());
        answer.readHead();
        return answer;
    }

    /** Host and, unless it goes without saying, port. */
    static String authority(URI url) {
        return url.getPort() < 0 ? url.getHost() : url.getHost() + ":" + url.getPort();
    }

    /** The name that is asked for and has to be in the certificate is the URL's, whatever address it came to. */
    private Socket encrypted(Socket raw, URI url) throws IOException {
        SSLSocket socket = (SSLSocket) tls.createSocket(raw, host(url), port(url), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private URI redirected(URI from, ResponseReader answer) throws IOException {
        if (!REDIRECTS.contains(answer.status())) {
            throw new IOException("status " + answer.status() + " (expected: 200)");
        }
        String location = answer.header("location").orElse("");
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new IOException("redirected to what is no URL", e);
        }
        boolean downgrade = isTls(from) && !"https".equalsIgnoreCase(to.getScheme());
        // What the redirect itself says is looked at too: resolving takes relative parts out.
        if (location.isEmpty()
                || downgrade
                || "file".equalsIgnoreCase(to.getScheme())
                || AllowedUrls.isRelative(location)
                || allowed.find(to.toString()).isEmpty()) {
            throw new RefusedDownload("redirected to where it may not come from");
        }
        return allowed.check(to.toString());
    }
}
