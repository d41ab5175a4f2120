// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import dev.sluice.inference.Ticker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Puts a running server under open-loop load, from the command line. */
public final class HttpLoad {
    /** Less than the generator waits for: a slow answer has failed, and only one that never comes is lost. */
    private static final Duration TIMEOUT = Duration.ofSeconds(8);

    private static final Duration WARM_UP = Duration.ofSeconds(3);

    private HttpLoad() {}

    /**
     * Warms up for a moment, runs once and prints one table row.
     *
     * @param args URL, requests a second, seconds, file with the body, and maybe its media type
     */
    public static void main(String[] args) throws IOException {
        if (args.length < 4) {
            throw new IllegalArgumentException(
                    "arguments: " + args.length + " (expected: URL, requests a second, seconds, file [, media type])");
        }
        HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
                .timeout(TIMEOUT)
                .header("Content-Type", args.length > 4 ? args[4] : "application/octet-stream")
                .POST(HttpRequest.BodyPublishers.ofFile(Path.of(args[3])))
                .build();
        Duration sending = Duration.ofSeconds(Long.parseLong(args[2]));
        LoadReport report = run(LoadPlan.lasting(Double.parseDouble(args[1]), sending), request);
        System.out.println(LoadReport.HEADER);
        System.out.println(report.row());
    }

    private static LoadReport run(LoadPlan plan, HttpRequest request) {
        ExecutorService executor = Executors.newFixedThreadPool(2, task -> {
            Thread thread = new Thread(task, "http-load");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Ticker ticker = Ticker.system();
            LoadGenerator generator = new LoadGenerator(ticker, Pause.parking(ticker));
            HttpTarget target = new HttpTarget(request, executor);
            // Not shown: the client's own code is slow at first, and so may be the server's.
            LoadReport unused = generator.run(LoadPlan.lasting(plan.ratePerSecond(), WARM_UP), target);
            return generator.run(plan, target);
        } finally {
            executor.shutdownNow();
        }
    }
}
