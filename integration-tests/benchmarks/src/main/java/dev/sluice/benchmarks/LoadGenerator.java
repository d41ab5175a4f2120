// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import dev.sluice.inference.Ticker;

/**
 * Sends requests at times fixed beforehand, whether or not earlier ones have been answered. Latency counts from the time a
 * request was <i>meant</i> to be sent: one that the sender was late for has waited, too.
 *
 * <p><b>Threads:</b> {@link #run} sends on its caller's thread.
 */
public final class LoadGenerator {
    private final Ticker ticker;
    private final Pause pause;

    public LoadGenerator(Ticker ticker, Pause pause) {
        this.ticker = ticker;
        this.pause = pause;
    }

    /** Sends what {@code plan} says to {@code target}, waits for the endings, and says what was seen. */
    public LoadReport run(LoadPlan plan, Target target) {
        PoissonArrivals arrivals = new PoissonArrivals(plan.ratePerSecond(), plan.seed());
        Tally tally = new Tally(ticker);
        long startNanos = ticker.nanos();
        long limitNanos = plan.sending().toNanos();
        long offsetNanos = arrivals.nextNanos();
        while (tally.sent() < plan.count() && offsetNanos < limitNanos && ticker.nanos() - startNanos < limitNanos) {
            pause.until(startNanos + offsetNanos);
            tally.send(target, startNanos + offsetNanos);
            offsetNanos = arrivals.nextNanos();
        }
        tally.awaitEndings(pause, plan.patience());
        return tally.report(startNanos);
    }
}
