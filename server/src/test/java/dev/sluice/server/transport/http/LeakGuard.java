// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Fails a test class if Netty reports a buffer that was collected before it was released. */
public final class LeakGuard implements BeforeAllCallback, AfterAllCallback {
    private final ListAppender<ILoggingEvent> reports = new ListAppender<>();

    @Override
    public void beforeAll(ExtensionContext context) {
        watch();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        assertThat(leaksSoFar()).as("buffers leaked").isEmpty();
    }

    void watch() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
        reports.start();
        logger().addAppender(reports);
    }

    /** Makes the collector and the detector run, and returns what was reported since {@link #watch}. */
    List<String> leaksSoFar() {
        collectGarbage();
        // The detector looks for leaks whenever a buffer is tracked.
        PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
        logger().detachAppender(reports);
        return reports.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private static void collectGarbage() {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> collected = new PhantomReference<>(new Object(), queue);
        Awaitility.await().until(() -> {
            System.gc();
            return queue.poll() == collected;
        });
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
    }
}
