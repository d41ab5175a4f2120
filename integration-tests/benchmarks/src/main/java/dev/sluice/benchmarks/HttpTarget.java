// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * A server, by the URL of one prediction; every request has the same body.
 *
 * <p><b>Threads:</b> endings come on the executor, which should be none of the sender's.
 */
public final class HttpTarget implements Target {
    private final HttpClient client;
    private final HttpRequest request;

    /** @param executor runs the client; an executor of our own, for on two cores the default one starts a thread a task */
    public HttpTarget(HttpRequest request, Executor executor) {
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(executor)
                .build();
        this.request = request;
    }

    @Override
    public void send(Consumer<Ending> ended) {
        CompletableFuture<HttpResponse<Void>> unused = client.sendAsync(request, HttpResponse.BodyHandlers.discarding())
                .whenComplete((response, failure) ->
                        ended.accept(failure == null ? ending(response.statusCode()) : Ending.FAILED));
    }

    static Ending ending(int status) {
        return switch (status) {
            case 200 -> Ending.ANSWERED;
            case 429, 503 -> Ending.REFUSED;
            case 504 -> Ending.EXPIRED;
            default -> Ending.FAILED;
        };
    }
}
