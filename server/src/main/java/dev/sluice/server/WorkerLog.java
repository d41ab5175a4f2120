// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.python.WorkerLines;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import dev.sluice.server.logging.LogSetup;
import dev.sluice.server.metrics.torchserve.MetricLine;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What workers print: lines with metrics go to the metrics, all others to the log of models, as many a second as a disk can take. What
 * is more is counted and left out, so that a handler that prints without end slows down nobody's log.
 *
 * <p><b>Threads:</b> called by those that read what workers print.
 *
 * <p><b>Source:</b> torchserve.md sections 3.6 and 7.2.
 */
final class WorkerLog implements WorkerLines {
    private static final Logger MODELS = LoggerFactory.getLogger(LogSetup.MODEL_LOG);
    private static final String MARK = "[METRICS]";

    /** Budgets there are before those of models that say nothing are looked for. */
    private static final int MANY = 256;

    private final Ticker ticker;
    private final BiConsumer<ModelId, MetricLine> metrics;
    private final Map<ModelId, LineBudget> budgets = new ConcurrentHashMap<>();

    WorkerLog(Ticker ticker, BiConsumer<ModelId, MetricLine> metrics) {
        this.ticker = ticker;
        this.metrics = metrics;
    }

    @Override
    public void line(ModelId model, String worker, boolean isError, String line) {
        Optional<MetricLine> metric = line.contains(MARK) ? MetricLine.parse(line) : Optional.empty();
        if (metric.isPresent()) {
            metrics.accept(model, metric.get());
            return;
        }
        LineBudget budget = budget(model);
        LineBudget.Verdict verdict = budget.ask(ticker.nanos());
        if (verdict.leftOut() > 0) {
            MODELS.warn(
                    "Model {}: {} lines of its workers left out (expected: at most {} a second)",
                    model,
                    verdict.leftOut(),
                    LineBudget.LINES);
        }
        if (verdict.isIn()) {
            write(isError, line);
        }
    }

    /** The thread that reads has the worker's name, and with it the line. */
    private static void write(boolean isError, String line) {
        if (isError) {
            MODELS.warn("{}", line);
        } else {
            MODELS.info("{}", line);
        }
    }

    private LineBudget budget(ModelId model) {
        if (budgets.size() > MANY) {
            long now = ticker.nanos();
            budgets.values().removeIf(budget -> budget.isIdle(now));
        }
        return budgets.computeIfAbsent(model, unused -> new LineBudget(ticker.nanos()));
    }
}
