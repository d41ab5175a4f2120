// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Filling a pack from a repository behind HTTP that does not mean well, or is not well. */
class DownloadTest {
    @TempDir
    private Path folder;

    private FakePack pack;
    private Path engines;

    @BeforeEach
    void makePack() throws IOException {
        pack = new FakePack(folder);
        engines = folder.resolve("engines");
    }

    @Test
    void fillsAPack() throws IOException {
        try (FakeRepository repository = FakeRepository.of(pack.repository())) {
            add(repository);

            assertThat(engines.resolve("fake/native/libfake.so")).hasContent("native");
            assertThat(repository.asked())
                    .containsExactly(
                            "/maven/org/example/code/1.0/code-1.0.jar",
                            "/maven/org/example/natives/1.0/natives-1.0-test-os.jar");
        }
    }

    @Test
    void saysThatARepositoryHasNoSuchJar() throws IOException {
        Files.delete(pack.jar(FakePack.CODE));
        try (FakeRepository repository = FakeRepository.of(pack.repository())) {
            assertThatThrownBy(() -> add(repository))
                    .hasMessageContaining("org.example:code:1.0 is not in " + repository.address())
                    .satisfies(failure ->
                            assertThat(((ServingException) failure).code()).isEqualTo(ErrorCode.SOURCE_NOT_FOUND));
        }
        assertNothingThere();
    }

    @Test
    void refusesABodyThatEndsEarly() throws IOException {
        refused(
                exchange -> {
                    exchange.sendResponseHeaders(200, 10_000);
                    exchange.getResponseBody().write(new byte[10]);
                },
                "did not give it");
    }

    @Test
    void refusesAShorterBody() throws IOException {
        refused(
                exchange -> {
                    exchange.sendResponseHeaders(200, 10);
                    exchange.getResponseBody().write(new byte[10]);
                },
                "gave 10 bytes (expected: ");
    }

    /** It would go on for ever. */
    // Seen to fail when BoundedFile did not count.
    @Test
    void endsABodyThatIsLongerThanItMayBe() throws IOException {
        refused(
                exchange -> {
                    exchange.sendResponseHeaders(200, 0);
                    try (OutputStream body = exchange.getResponseBody()) {
                        while (true) {
                            body.write(new byte[8192]);
                        }
                    }
                },
                "the body is longer than ");
    }

    @Test
    void namesAStatusItDoesNotExpect() throws IOException {
        refused(exchange -> exchange.sendResponseHeaders(500, -1), "answered status 500 (expected: 200)");
    }

    @Test
    void leavesNothingWhenTheSecondJarFails() throws IOException {
        refused(
                exchange -> {
                    if (exchange.getRequestURI().getPath().contains("natives")) {
                        exchange.sendResponseHeaders(503, -1);
                    } else {
                        FakeRepository.give(exchange, pack.repository());
                    }
                },
                "answered status 503");
    }

    @Test
    void followsARedirectOfTheSameKind() throws IOException {
        HttpHandler handler = exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.startsWith("/maven/")) {
                FakeRepository.redirect(exchange, path.replace("/maven/", "/elsewhere/") + "?secret=1");
            } else {
                Path file = pack.repository().resolve(path.substring("/elsewhere/".length()));
                exchange.sendResponseHeaders(200, Files.size(file));
                Files.copy(file, exchange.getResponseBody());
            }
        };
        try (FakeRepository repository = new FakeRepository(handler)) {
            add(repository);

            assertThat(repository.asked()).contains("/elsewhere/org/example/code/1.0/code-1.0.jar?secret=1");
            assertThat(engines.resolve("fake/lib/code-1.0.jar")).exists();
        }
    }

    // Seen to fail with HttpClient.Redirect.ALWAYS.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://127.0.0.1:1/x.jar",
                "file:///etc/hostname",
                "http://192.0.2.1/x.jar",
                "http://user:secret@127.0.0.1/x.jar",
                "ftp://127.0.0.1/x.jar",
                "jar:file:/x.jar!/x",
            })
    void followsNoOtherRedirect(String location) throws IOException {
        refused(exchange -> FakeRepository.redirect(exchange, location), "redirects to ");
    }

    @Test
    void followsNoEndlessRedirects() throws IOException {
        refused(
                exchange -> FakeRepository.redirect(
                        exchange, exchange.getRequestURI().getPath()),
                "redirects again");
    }

    @Test
    void tellsNoSecretOfAnAddressItWasRedirectedTo() throws IOException {
        HttpHandler handler = exchange -> {
            if (exchange.getRequestURI().getQuery() == null) {
                FakeRepository.redirect(exchange, exchange.getRequestURI().getPath() + "?token=hidden");
            } else {
                exchange.sendResponseHeaders(500, -1);
            }
        };
        try (FakeRepository repository = new FakeRepository(handler)) {
            assertThatThrownBy(() -> add(repository))
                    .hasMessageContaining("answered status 500")
                    .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("hidden"));
        }
    }

    @Test
    void saysThatThereIsNoNetwork() throws IOException {
        String address;
        try (FakeRepository gone = FakeRepository.of(pack.repository())) {
            address = gone.address();
        }
        ArtifactSources sources = ArtifactSources.of(Optional.of(address), folder, folder);

        assertThatThrownBy(() -> installer().add(pack.description(), sources))
                .hasMessageContaining("no connection")
                .hasMessageContaining("Is there a network")
                .hasMessageContaining("--from");
        assertNothingThere();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://192.0.2.1/maven",
                "http://example.com",
                "http://localhost.example.com/",
                "ftp://localhost/",
                "s3://bucket",
                "https:/nohost",
                "absent-folder",
                "https://user:secret@example.com/maven",
                "https://bad host/?secret",
                "https://example.com/maven?token=secret",
            })
    void refusesARepositoryItMayNotAsk(String from) {
        assertThatThrownBy(() -> ArtifactSources.of(Optional.of(from), folder, folder))
                .hasMessageStartingWith("--from: ")
                .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("secret"))
                .satisfies(failure ->
                        assertThat(((ServingException) failure).code()).isEqualTo(ErrorCode.INVALID_INPUT));
    }

    @Test
    void takesAFolderByPathOrAddress() {
        new PackInstaller(engines, FakePack.PLATFORM, line -> {})
                .add(
                        pack.description(),
                        ArtifactSources.of(Optional.of(pack.repository().toUri().toString()), folder, folder));

        assertThat(engines.resolve("fake")).exists();
    }

    /** Both download, and both find the pack there in the end, once and whole. */
    // Seen to fail when whoever came second failed, and when a folder was deleted before it was locked.
    @Test
    void twoAddsAtOnceLeaveOnePack() throws Exception {
        CyclicBarrier together = new CyclicBarrier(2);
        HttpHandler handler = exchange -> {
            try {
                together.await(30, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IOException(e);
            }
            FakeRepository.give(exchange, pack.repository());
        };
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (FakeRepository repository = new FakeRepository(handler)) {
            List<Future<?>> adds =
                    List.of(threads.submit(() -> add(repository)), threads.submit(() -> add(repository)));
            for (Future<?> add : adds) {
                assertThat(add.get(60, TimeUnit.SECONDS)).isNull();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(installer().isReady(FakePack.ID)).isTrue();
        try (Stream<Path> left = Files.list(engines)) {
            assertThat(left).containsExactly(engines.resolve("fake"));
        }
    }

    private void refused(HttpHandler handler, String message) throws IOException {
        try (FakeRepository repository = new FakeRepository(handler)) {
            assertThatThrownBy(() -> add(repository))
                    .isInstanceOf(ServingException.class)
                    .hasMessageContaining(message)
                    .hasMessageContaining("Nothing was installed");
        }
        assertNothingThere();
    }

    private void add(FakeRepository repository) {
        installer().add(pack.description(), repository.sources());
    }

    private PackInstaller installer() {
        return new PackInstaller(engines, FakePack.PLATFORM, line -> {});
    }

    private void assertNothingThere() throws IOException {
        try (Stream<Path> left = Files.list(engines)) {
            assertThat(left).isEmpty();
        }
    }
}
