// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.transport.tls.TestKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDownloadsTest {
    private static final String DIGEST_OF_MODEL = "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4";
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    private Path directory;

    private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();
    private final List<String> lookups = Collections.synchronizedList(new ArrayList<>());
    private final List<String> connections = Collections.synchronizedList(new ArrayList<>());
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, String> redirects = new ConcurrentHashMap<>();

    /** Written before each test. */
    private Path store;

    /** Written before each test. */
    private HttpServer server;

    private boolean privateAllowed = true;
    private long maxBytes = 1000;
    private Duration timeout = Duration.ofSeconds(30);
    private String allowed = ".*";
    private Optional<S3Credentials> s3 = Optional.empty();
    private SSLSocketFactory tls = (SSLSocketFactory) SSLSocketFactory.getDefault();

    @BeforeEach
    void start() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestHeaders().getFirst("Host") + " " + exchange.getRequestURI());
        String target = redirects.get(exchange.getRequestURI().getPath());
        if (target != null) {
            exchange.getResponseHeaders().set("Location", target);
            exchange.sendResponseHeaders(302, -1);
        } else if (exchange.getRequestURI().getPath().endsWith(".mar")) {
            byte[] body = "model".getBytes(US_ASCII);
            boolean chunked = exchange.getRequestURI().getPath().contains("chunked");
            exchange.sendResponseHeaders(200, chunked ? 0 : body.length);
            exchange.getResponseBody().write(body);
        } else if (exchange.getRequestURI().getPath().endsWith("huge")) {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(new byte[100_000]);
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
        exchange.close();
    }

    /** Names nobody has given an address lead to the loopback address; every connection ends at the test's server. */
    private ModelDownloads downloads() {
        AllowedUrls urls = new AllowedUrls(List.of(Pattern.compile(allowed, Pattern.CASE_INSENSITIVE)));
        HttpFetch http = new HttpFetch(
                urls,
                new AddressRules(privateAllowed),
                host -> {
                    lookups.add(host);
                    return names.getOrDefault(host, List.of(InetAddress.getLoopbackAddress()));
                },
                (address, port, limit) -> {
                    connections.add(address.getHostAddress() + ":" + port);
                    return new Socket(
                            InetAddress.getLoopbackAddress(),
                            server.getAddress().getPort());
                },
                tls,
                Ticker.system());
        return new ModelDownloads(urls, http, new Limits(maxBytes, timeout, 5), s3, () -> NOW);
    }

    private ModelDownloads.Fetched fetch(String url) {
        return downloads().fetch(url, store, false, false);
    }

    private void assertFailed(String url, ErrorCode code, String message) {
        assertThatThrownBy(() -> fetch(url))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(message);
        assertThat(store).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource({
        "http://models.example.org/deep/a.mar,a.mar",
        "http://models.example.org/a.mar?versionId=1,a.mar",
        "http://models.example.org/chunked.mar,chunked.mar",
        "http://models.example.org/a%20b.mar,a b.mar",
        "http://models.example.org:8080/a.mar,a.mar",
        "http://[::1]/a.mar,a.mar",
    })
    void fetchesIntoTheStore(String url, String name) {
        assertThat(fetch(url)).isEqualTo(new ModelDownloads.Fetched(name, true));

        assertThat(store.resolve(name)).hasContent("model");
        assertThat(store.toFile().list()).containsExactly(name);
        assertThat(requests)
                .containsExactly(
                        URI.create(url).getRawAuthority() + " " + url.substring(url.indexOf('/', "http://".length())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://models.example.org/",
                "http://models.example.org",
                "http://models.example.org/.hidden",
                "http://models.example.org/a%2Fb%5Cc",
                "http://models.example.org/%00",
                "http://models.example.org/a%0Ab"
            })
    void refusesUrlsThatNameNoFile(String url) {
        assertFailed(
                url, ErrorCode.INVALID_INPUT, "url: " + url + " (expected: a path that ends with the name of a file)");
        assertThat(requests).isEmpty();
    }

    @Test
    void refusesUrlsThatAreNotAllowedBeforeAnyLookup() {
        allowed = "https://good\\.example\\.org/.*";

        assertFailed(
                "http://169.254.169.254/latest/a.mar",
                ErrorCode.SOURCE_NOT_FOUND,
                "Given URL http://169.254.169.254/latest/a.mar does not match any allowed URL(s)");
        assertThat(lookups).isEmpty();
    }

    /** CVE-2023-43654. */
    @ParameterizedTest
    @ValueSource(strings = {"169.254.169.254", "127.0.0.1", "10.0.0.1", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"})
    void asksNoInternalAddress(String address) throws IOException {
        privateAllowed = false;
        names.put(
                "models.example.org", List.of(InetAddress.getByName("93.184.215.14"), InetAddress.getByName(address)));

        assertFailed(
                "http://models.example.org/a.mar",
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: http://models.example.org/a.mar");
        assertThat(connections).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "2852039166",
                "0xa9.0xfe.0xa9.0xfe",
                "[::ffff:169.254.169.254]",
                "[fd00:ec2::254]"
            })
    void asksNoMetadataServiceHoweverItIsWritten(String host) {
        assertThatThrownBy(() -> new ModelDownloads(
                                new AllowedUrls(List.of(Pattern.compile(".*"))),
                                new HttpFetch(
                                        new AllowedUrls(List.of(Pattern.compile(".*"))),
                                        new AddressRules(true),
                                        name -> List.of(InetAddress.getByName(
                                                name.startsWith("0x") ? "169.254.169.254" : name)),
                                        (address, port, limit) -> {
                                            throw new AssertionError("connected to " + address);
                                        },
                                        tls,
                                        Ticker.system()),
                                new Limits(maxBytes, timeout, 5),
                                s3,
                                () -> NOW)
                        .fetch("http://" + host + "/a.mar", store, false, false))
                .isInstanceOf(ServingException.class);
        assertThat(store).isEmptyDirectory();
    }

    /** A name that means the public address when it is checked and another one afterwards. */
    @Test
    void connectsToTheAddressItHasChecked() throws IOException {
        privateAllowed = false;
        names.put("models.example.org", List.of(InetAddress.getByName("93.184.215.14")));

        fetch("http://models.example.org/a.mar");

        assertThat(lookups).containsExactly("models.example.org");
        assertThat(connections).containsExactly("93.184.215.14:80");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.example.net/a.mar",
                "http://169.254.169.254/latest/meta-data/a.mar",
                "file:///etc/passwd",
                "//evil.example.net/a.mar",
                "ftp://models.example.org/a.mar",
                "../a.mar",
                "/%2e%2e/a.mar",
                "http://models.example.org@evil.example.net/a.mar",
                "",
                "http://",
            })
    void followsNoRedirectToWhatIsNotAllowed(String location) {
        allowed = "http://models\\.example\\.org/.*";
        redirects.put("/a.mar", location);

        assertThatThrownBy(() -> fetch("http://models.example.org/a.mar"))
                .isInstanceOf(ServingException.class)
                .hasMessageStartingWith("Failed to download archive from: http://models.example.org/a.mar");
        assertThat(requests).hasSize(1);
        assertThat(store).isEmptyDirectory();
    }

    @Test
    void followsNoRedirectToAnInternalAddress() throws IOException {
        privateAllowed = false;
        names.put("models.example.org", List.of(InetAddress.getByName("93.184.215.14")));
        names.put("inside.example.org", List.of(InetAddress.getByName("169.254.169.254")));
        redirects.put("/a.mar", "http://inside.example.org/b.mar");

        assertFailed(
                "http://models.example.org/a.mar",
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: http://models.example.org/a.mar");
        assertThat(connections).containsExactly("93.184.215.14:80");
    }

    @Test
    void followsRedirectsAndKeepsTheFirstName() {
        redirects.put("/a.mar", "/b.mar");
        redirects.put("/b.mar", "http://other.example.org/c.mar");

        assertThat(fetch("http://models.example.org/a.mar").name()).isEqualTo("a.mar");

        assertThat(requests)
                .containsExactly("models.example.org /a.mar", "models.example.org /b.mar", "other.example.org /c.mar");
    }

    @Test
    void followsNoEndlessRedirects() {
        redirects.put("/a.mar", "/a.mar");

        assertFailed(
                "http://models.example.org/a.mar",
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: http://models.example.org/a.mar: more than 5 redirects");
        assertThat(requests).hasSize(6);
    }

    @Test
    void stopsWhatIsTooLarge() {
        assertFailed(
                "http://models.example.org/huge",
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: http://models.example.org/huge: larger than 1000 bytes, the limit of"
                        + " download_max_size");
        maxBytes = 4;
        assertFailed(
                "http://models.example.org/a.mar",
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: http://models.example.org/a.mar: larger than 4 bytes, the limit of"
                        + " download_max_size");
    }

    /** It sends a byte now and then, for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"})
    void stopsWhatTakesTooLong(String begun) throws IOException {
        timeout = Duration.ofMillis(300);
        try (Dripping dripping = new Dripping(begun)) {
            server.stop(0);
            AllowedUrls urls = new AllowedUrls(List.of(Pattern.compile(".*")));
            HttpFetch http = new HttpFetch(
                    urls, new AddressRules(true), HostResolver.system(), Connector.direct(), tls, Ticker.system());
            String url = "http://127.0.0.1:" + dripping.port() + "/a.mar";

            assertThatThrownBy(() -> new ModelDownloads(urls, http, new Limits(1000, timeout, 5), s3, () -> NOW)
                            .fetch(url, store, false, false))
                    .isInstanceOf(ServingException.class)
                    .hasMessage("Failed to download archive from: " + url
                            + ": not there after 300 ms, the limit of download_timeout");
        }
        assertThat(store).isEmptyDirectory();
    }

    /** A server that begins an answer and then sends a byte at a time. */
    private static final class Dripping implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final CountDownLatch closed = new CountDownLatch(1);

        Dripping(String begun) throws IOException {
            Thread thread = new Thread(() -> drip(begun), "dripping");
            thread.setDaemon(true);
            thread.start();
        }

        private void drip(String begun) {
            try (Socket client = socket.accept()) {
                client.getOutputStream().write(begun.getBytes(US_ASCII));
                while (!closed.await(20, TimeUnit.MILLISECONDS)) {
                    client.getOutputStream().write('x');
                    client.getOutputStream().flush();
                }
            } catch (IOException | InterruptedException e) {
                // The client has gone, which is what is wanted.
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            closed.countDown();
            socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nmodel",
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nmodel\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nmodel",
                "HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999999\r\n\r\nmodel",
                "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nmodel",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nmodel\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nmodelX",
                "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nmodel",
                "HTTP/1.1 200 OK\r\n: nameless\r\n\r\nmodel",
                "HTTP/1.1 500 Oops\r\n\r\nmodel",
                "HTTP/1.1 204 No\r\n\r\n",
            })
    void keepsNothingOfBrokenAnswers(String answer) throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(
                    () -> {
                        try (Socket client = socket.accept()) {
                            client.getInputStream().read(new byte[1000]);
                            client.getOutputStream().write(answer.getBytes(US_ASCII));
                            client.shutdownOutput();
                            client.getInputStream().readAllBytes();
                        } catch (IOException e) {
                            // The client need not listen to the end.
                        }
                    },
                    "broken-server");
            thread.start();
            AllowedUrls urls = new AllowedUrls(List.of(Pattern.compile(".*")));
            HttpFetch http = new HttpFetch(
                    urls, new AddressRules(true), HostResolver.system(), Connector.direct(), tls, Ticker.system());
            String url = "http://127.0.0.1:" + socket.getLocalPort() + "/a.mar";

            assertThatThrownBy(() -> new ModelDownloads(urls, http, new Limits(1000, timeout, 5), s3, () -> NOW)
                            .fetch(url, store, false, false))
                    .isInstanceOf(ServingException.class)
                    .hasMessage("Failed to download archive from: " + url);
            thread.join();
        }
        assertThat(store).isEmptyDirectory();
    }

    @Test
    void takesWhatHasTheDigestAsked() {
        assertThat(fetch("http://models.example.org/a.mar#sha256=" + DIGEST_OF_MODEL)
                        .name())
                .isEqualTo("a.mar");
        assertThat(requests).containsExactly("models.example.org /a.mar");
    }

    @Test
    void refusesWhatHasAnother() {
        String other = "0".repeat(64);
        String url = "http://models.example.org/a.mar#sha256=" + other;

        assertFailed(
                url,
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: " + url + ": its SHA-256 is " + DIGEST_OF_MODEL + " (expected: "
                        + other + ")");
    }

    @ParameterizedTest
    @ValueSource(strings = {"#", "#sha256=", "#sha256=zz", "#md5=00"})
    void refusesFragmentsItDoesNotKnow(String fragment) {
        String url = "http://models.example.org/a.mar" + fragment;

        assertFailed(
                url,
                ErrorCode.INVALID_INPUT,
                "url: " + url + " (expected: nothing after #, or #sha256= and 64 hexadecimal digits)");
        assertThat(requests).isEmpty();
    }

    @Test
    void leavesFilesThatAreThere() throws IOException {
        Files.writeString(store.resolve("a.mar"), "precious");

        assertThatThrownBy(() -> fetch("http://models.example.org/a.mar"))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL))
                .hasMessage("Model file already exists a.mar");

        assertThat(store.resolve("a.mar")).hasContent("precious");
        assertThat(requests).isEmpty();
    }

    @Test
    void takesWhatIsThereWhenTheServerStarts() throws IOException {
        Files.writeString(store.resolve("a.mar"), "model");

        assertThat(downloads().fetch("http://models.example.org/a.mar#sha256=" + DIGEST_OF_MODEL, store, false, true))
                .isEqualTo(new ModelDownloads.Fetched("a.mar", false));
        assertThatThrownBy(() -> downloads()
                        .fetch("http://models.example.org/a.mar#sha256=" + "0".repeat(64), store, false, true))
                .hasMessageContaining("is in the model store already");
        assertThat(requests).isEmpty();
    }

    @Test
    void givesTheFileToOneOfMany() throws Exception {
        ModelDownloads downloads = downloads();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        Callable<String> one = () -> downloads
                .fetch("http://models.example.org/a.mar", store, false, false)
                .name();
        int won = 0;
        for (Future<String> result : pool.invokeAll(Collections.nCopies(8, one))) {
            try {
                result.get();
                won++;
            } catch (ExecutionException e) {
                assertThat(e.getCause()).hasMessage("Model file already exists a.mar");
            }
        }
        pool.shutdown();

        assertThat(won).isEqualTo(1);
        assertThat(store.resolve("a.mar")).hasContent("model");
        assertThat(store.toFile().list()).containsExactly("a.mar");
    }

    @Test
    void copiesFilesIfTheyAreAllowed() throws IOException {
        Path source = Files.writeString(directory.resolve("b.mar"), "model");

        assertThat(fetch(source.toUri().toString()).name()).isEqualTo("b.mar");

        assertThat(store.resolve("b.mar")).hasContent("model");
        assertThat(source).exists();
    }

    @Test
    void copiesNothingButFiles() {
        String url = "file://" + directory;

        assertFailed(url, ErrorCode.DOWNLOAD_FAILED, "Failed to download archive from: " + url);
    }

    @Test
    void keepsHostAndCertificateWhenItConnectsByAddress() throws IOException {
        Path keys = TestKeys.store(directory, "EC", "PKCS12");
        SSLContext context = TestKeys.context(keys);
        server.stop(0);
        HttpsServer secure = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(context));
        secure.createContext("/", this::answer);
        secure.start();
        server = secure;
        tls = context.getSocketFactory();

        fetch("https://models.example.org/a.mar");

        assertThat(requests).containsExactly("models.example.org /a.mar");
        assertThat(connections).containsExactly("127.0.0.1:443");
        assertThatThrownBy(() -> fetch("https://other.example.org/b.mar"))
                .hasMessage("Failed to download archive from: https://other.example.org/b.mar");
        // What was asked for over TLS does not come without.
        redirects.put("/c.mar", "http://models.example.org/d.mar");
        assertThatThrownBy(() -> fetch("https://models.example.org/c.mar"))
                .hasMessageEndingWith(": redirected to where it may not come from");
    }

    @Test
    void signsForS3Alone() {
        assertThatThrownBy(() -> downloads().fetch("https://models.example.org/a.mar", store, true, false))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("s3_sse_kms: true for https://models.example.org/a.mar (expected: an https URL of"
                        + " amazonaws.com's S3)");
        assertThatThrownBy(() -> downloads().fetch("https://b.s3.amazonaws.com/a.mar", store, true, false))
                .hasMessageEndingWith(
                        "s3_sse_kms needs AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION in"
                                + " the server's environment");
        assertThat(connections).isEmpty();
    }

    @Test
    void deletesWhatDeadProcessesLeft() throws IOException {
        Path old = Files.writeString(store.resolve(".sluice-download-1"), "");
        Path fresh = Files.writeString(store.resolve(".sluice-download-2"), "");
        Files.setLastModifiedTime(old, FileTime.from(NOW.minusSeconds(31)));
        Files.setLastModifiedTime(fresh, FileTime.from(NOW.minusSeconds(29)));

        downloads().deleteAbandoned(store);

        assertThat(old).doesNotExist();
        assertThat(fresh).exists();
    }
}
