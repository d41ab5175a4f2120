// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A Maven repository behind {@code https}, or {@code http} on this machine. Redirects are followed by hand, to the same scheme
 * alone; addresses are named without their query, where repositories put secrets. A proxy is the one the JVM was told of.
 */
final class HttpSource implements ArtifactSource {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(?:\\.\\d{1,3}){3}|\\[::1]");
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> ABSENT = Set.of(404, 410);
    private static final int OK = 200;
    private static final int MOST_REDIRECTS = 3;

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration HEADERS = Duration.ofSeconds(30);

    /** What a slow line brings: the longest a file may take follows from it. */
    private static final long LEAST_BYTES_PER_SECOND = 64 << 10;

    private final URI base;
    private final HttpClient client;

    /** @throws ServingException {@code INVALID_INPUT} if {@code base} is no address that may be asked */
    HttpSource(URI base) {
        if (base.getRawUserInfo() != null) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "--from: an address with a user in it (expected: one without; it would be seen by all on this"
                            + " machine. Put a repository that needs no password in between, or name a directory)");
        }
        if (base.getRawQuery() != null || base.getRawFragment() != null) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "--from: an address with a query or fragment (expected: https://HOST/PATH, the root of a repository)");
        }
        if (!isAllowed(base)) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "--from: " + plain(base) + " (expected: an https address; http only for this machine itself)");
        }
        this.base = base.getPath().endsWith("/") ? base : URI.create(base + "/");
        this.client = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .proxy(ProxySelector.getDefault())
                .build();
    }

    private static boolean isAllowed(URI address) {
        String host = address.getHost();
        return host != null
                && ("https".equals(address.getScheme())
                        || ("http".equals(address.getScheme())
                                && LOOPBACK.matcher(host).matches()));
    }

    @Override
    public String name() {
        return plain(base);
    }

    /** Without user, query and fragment. */
    private static String plain(URI address) {
        return address.getScheme() + "://" + address.getHost() + (address.getPort() < 0 ? "" : ":" + address.getPort())
                + address.getPath();
    }

    @Override
    public boolean fetch(Artifact artifact, Path target) throws IOException {
        URI address = base.resolve(artifact.coordinates().path());
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpResponse<Long> answer = ask(address, artifact, target);
            if (answer.statusCode() == OK) {
                checkLength(address, answer.body(), artifact);
                return true;
            }
            if (ABSENT.contains(answer.statusCode())) {
                return false;
            }
            if (!REDIRECTS.contains(answer.statusCode())) {
                throw failed(address, "answered status " + answer.statusCode(), "200");
            }
            address = redirected(address, answer);
        }
        throw failed(address, "redirects again", "at most " + MOST_REDIRECTS + " times");
    }

    private URI redirected(URI from, HttpResponse<?> answer) {
        String location = answer.headers().firstValue("location").orElse("");
        try {
            URI to = from.resolve(location);
            if (isAllowed(to) && from.getScheme().equals(to.getScheme()) && to.getRawUserInfo() == null) {
                return to;
            }
            throw failed(from, "redirects to " + plain(to), "an address of the same kind, " + from.getScheme());
        } catch (IllegalArgumentException e) {
            throw failed(from, "redirects to what is no address", "one");
        }
    }

    private HttpResponse<Long> ask(URI address, Artifact artifact, Path target) throws IOException {
        HttpRequest request =
                HttpRequest.newBuilder(address).timeout(HEADERS).GET().build();
        BodyHandler<Long> body =
                info -> info.statusCode() == OK ? toFile(target, artifact) : BodySubscribers.replacing(0L);
        Duration limit = HEADERS.plusSeconds(artifact.size() / LEAST_BYTES_PER_SECOND);
        CompletableFuture<HttpResponse<Long>> answer = client.sendAsync(request, body);
        try {
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof FileSystemException full) {
                throw full;
            }
            throw failed(address, "did not give it: " + reason(e.getCause()), artifact.size() + " bytes");
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw failed(address, "did not end", "an end within " + limit.toSeconds() + " s");
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw failed(address, "was interrupted", "an answer");
        }
    }

    private static BoundedFile toFile(Path target, Artifact artifact) {
        try {
            Files.deleteIfExists(target);
            return new BoundedFile(target, artifact.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String reason(@Nullable Throwable cause) {
        if (cause == null) {
            return "no reason given";
        }
        // A host that is not known, or does not answer, has no message of its own.
        return cause.getMessage() == null
                ? "no connection (" + cause.getClass().getSimpleName() + ")"
                : cause.getMessage();
    }

    private static void checkLength(URI address, long length, Artifact artifact) {
        if (length != artifact.size()) {
            throw failed(address, "gave " + length + " bytes", artifact.size() + " bytes");
        }
    }

    private static ServingException failed(URI address, String what, String expected) {
        return new ServingException(
                ErrorCode.FAILED_PRECONDITION,
                plain(address) + " " + what + " (expected: " + expected
                        + "). Nothing was installed. Is there a network,"
                        + " or a proxy to name with -Dhttps.proxyHost in SLUICE_JAVA_OPTS? A repository that can be"
                        + " reached, or a directory, can be named with --from.");
    }
}
