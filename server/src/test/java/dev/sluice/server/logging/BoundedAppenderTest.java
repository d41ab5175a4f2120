// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(30)
class BoundedAppenderTest {
    private static final int CAPACITY = 8;
    private static final int RESERVED = 2;

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final StuckDisk disk = new StuckDisk();
    private final BoundedAppender appender = new BoundedAppender(disk, CAPACITY);

    private ILoggingEvent event(Level level, String message) {
        return new LoggingEvent("unused", context.getLogger("x"), level, message, null, null);
    }

    private void fill() throws InterruptedException {
        appender.start();
        appender.doAppend(event(Level.INFO, "stuck"));
        assertThat(disk.reached.await(10, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < CAPACITY - RESERVED; i++) {
            appender.doAppend(event(Level.INFO, "line " + i));
        }
    }

    private List<String> writtenInTheEnd() {
        disk.free.countDown();
        appender.stop();
        return disk.lines;
    }

    /** Seen to fail with {@code put} for all lines: the test hangs. */
    @Test
    void dropsAndCountsLinesThatDoNotFitInsteadOfWaiting() throws Exception {
        fill();
        for (int i = 0; i < 3; i++) {
            appender.doAppend(event(Level.INFO, "too much"));
        }
        assertThat(appender.dropped()).isEqualTo(3);

        assertThat(writtenInTheEnd())
                .containsExactly("stuck", "line 0", "line 1", "line 2", "line 3", "line 4", "line 5");
    }

    /** Seen to fail when warnings waited for their place: the third one hung. */
    @Test
    void keepsPlacesForWarningsAndWaitsForNoneOfThem() throws Exception {
        fill();
        appender.doAppend(event(Level.WARN, "warning"));
        appender.doAppend(event(Level.ERROR, "error"));
        assertThat(appender.dropped()).isZero();
        appender.doAppend(event(Level.ERROR, "one too much"));
        assertThat(appender.dropped()).isEqualTo(1);

        assertThat(writtenInTheEnd()).endsWith("line 5", "warning", "error");
    }

    /** Seen to fail when the writer ended with the line that broke it. */
    @Test
    void writesOnAfterALineThatBreaksTheWriter() throws Exception {
        fill();
        disk.breaks = true;
        disk.free.countDown();
        Awaitility.await().until(() -> appender.dropped() == CAPACITY - RESERVED + 1);
        disk.breaks = false;
        appender.doAppend(event(Level.INFO, "afterwards"));

        Awaitility.await().until(() -> disk.lines.equals(List.of("afterwards")));
        appender.stop();
    }

    /** Writes nothing until it is told to. */
    private static final class StuckDisk extends AppenderBase<ILoggingEvent> {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch free = new CountDownLatch(1);
        private final List<String> lines = new CopyOnWriteArrayList<>();

        /** Written by the test. */
        private volatile boolean breaks;

        StuckDisk() {
            setName("stuck");
        }

        @Override
        protected void append(ILoggingEvent event) {
            reached.countDown();
            boolean interrupted = false;
            while (free.getCount() > 0) {
                try {
                    free.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (breaks) {
                throw new LinkageError("broken");
            }
            lines.add(event.getFormattedMessage());
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
