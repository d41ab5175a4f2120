// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.model.ModelId;
import dev.sluice.server.metrics.torchserve.MetricLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class WorkerLogTest {
    private static final ModelId MODEL = new ModelId("noop", "1.0");
    private static final String WORKER = "W-9000-noop_1.0";

    private final Logger logger = (Logger) LoggerFactory.getLogger("MODEL_LOG");
    private final ListAppender<ILoggingEvent> written = new ListAppender<>();
    private final List<MetricLine> metrics = new ArrayList<>();
    private final AtomicLong now = new AtomicLong();
    private final WorkerLog log = new WorkerLog(now::get, (model, line) -> metrics.add(line));

    @BeforeEach
    void listen() {
        written.start();
        logger.addAppender(written);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(written);
    }

    @Test
    void writesWhatIsPrintedAsItIs() {
        log.line(MODEL, WORKER, false, "loading {}");
        log.line(MODEL, WORKER, true, "Traceback");

        assertThat(written.list)
                .extracting(event -> event.getLevel() + " " + event.getFormattedMessage())
                .containsExactly("INFO loading {}", "WARN Traceback");
    }

    /** Seen to fail when a line that only looks like one was lost. */
    @Test
    void takesMetricsAndWritesWhatIsNone() {
        log.line(MODEL, WORKER, false, "[METRICS]Size.MB:1.5|#Level:Model|#type:GAUGE|#hostname:h,1717105307,r1");
        log.line(MODEL, WORKER, false, "[METRICS]nonsense");
        log.line(MODEL, WORKER, false, "[PID]1");
        log.line(MODEL, WORKER, false, "Torch worker started.");

        assertThat(metrics)
                .singleElement()
                .satisfies(line -> assertThat(line.value()).isEqualTo(1.5));
        assertThat(written.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("[METRICS]nonsense", "[PID]1", "Torch worker started.");
    }

    /** Seen to fail when all was written: then the disk's speed is the handler's to use up. */
    @Test
    void leavesOutWhatIsTooMuchAndSaysHowMuch() {
        for (int i = 0; i < LineBudget.LINES + 7; i++) {
            log.line(MODEL, WORKER, false, "again");
        }
        assertThat(written.list).hasSize(LineBudget.LINES);
        log.line(new ModelId("other", "1"), "W-9001-other_1", false, "mine");
        assertThat(written.list).hasSize(LineBudget.LINES + 1);

        now.addAndGet(Duration.ofSeconds(1).toNanos());
        log.line(MODEL, WORKER, false, "later");

        assertThat(written.list.subList(LineBudget.LINES + 1, written.list.size()))
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "Model noop:1.0: 7 lines of its workers left out (expected: at most 5000 a second)", "later");
    }

    @Test
    void forgetsModelsThatSayNothingAnyMore() {
        LineBudget budget = new LineBudget(0);
        for (int i = 0; i <= LineBudget.LINES; i++) {
            budget.ask(0);
        }
        long later = Duration.ofMinutes(2).toNanos();

        assertThat(budget.isIdle(later)).isFalse();
        assertThat(budget.ask(later).leftOut()).isEqualTo(1);
        assertThat(budget.isIdle(later)).isFalse();
        assertThat(budget.isIdle(2 * later)).isTrue();
    }
}
