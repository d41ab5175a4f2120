// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(30)
class BoundedAppenderTest {
    private static final int CAPACITY = 4;

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final StuckDisk disk = new StuckDisk();
    private final BoundedAppender appender = new BoundedAppender(disk, CAPACITY);

    private ILoggingEvent event(Level level, String message) {
        return new LoggingEvent("unused", context.getLogger("x"), level, message, null, null);
    }

    /** Seen to fail with {@code put} for all lines: the test hangs. */
    @Test
    void dropsAndCountsLinesThatDoNotFitInsteadOfWaiting() throws Exception {
        appender.start();
        appender.doAppend(event(Level.INFO, "stuck"));
        assertThat(disk.reached.await(10, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < CAPACITY + 3; i++) {
            appender.doAppend(event(Level.INFO, "line " + i));
        }
        assertThat(appender.dropped()).isEqualTo(3);

        disk.free.countDown();
        appender.stop();

        assertThat(disk.lines).containsExactly("stuck", "line 0", "line 1", "line 2", "line 3");
    }

    /** Seen to fail when warnings were offered like other lines. */
    @Test
    void keepsEveryWarning() throws Exception {
        appender.start();
        appender.doAppend(event(Level.INFO, "stuck"));
        assertThat(disk.reached.await(10, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < CAPACITY; i++) {
            appender.doAppend(event(Level.INFO, "line " + i));
        }
        CompletableFuture<Void> warned =
                CompletableFuture.runAsync(() -> appender.doAppend(event(Level.WARN, "warning")));
        disk.free.countDown();
        warned.get(10, TimeUnit.SECONDS);

        Awaitility.await().until(() -> disk.lines.contains("warning"));
        assertThat(appender.dropped()).isZero();
        appender.stop();
    }

    /** Writes nothing until it is told to. */
    private static final class StuckDisk extends AppenderBase<ILoggingEvent> {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch free = new CountDownLatch(1);
        private final List<String> lines = new CopyOnWriteArrayList<>();

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
            lines.add(event.getFormattedMessage());
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
