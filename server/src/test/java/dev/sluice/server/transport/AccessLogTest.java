// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class AccessLogTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger("ACCESS_LOG");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(lines);
    }

    @Test
    void writesTorchServesLines() throws Exception {
        InetSocketAddress remote = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 1234);

        long nanos = Duration.ofMillis(7).toNanos();
        AccessLog.http(remote, "GET", "/ping?a=1", "HTTP/1.1", 200, nanos);
        AccessLog.grpc(remote, "a.b.Service/Method", 5, nanos);

        assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
                .containsExactly(
                        "/127.0.0.1:1234 \"GET /ping?a=1 HTTP/1.1\" 200 7",
                        "/127.0.0.1:1234 \"gRPC a.b.Service/Method HTTP/2.0\" 5 7");
    }

    @Test
    void escapesWhatCouldForgeLine() {
        assertThat(AccessLog.safe("/a\r\nb \"c\u001b[0mé"))
                .isEqualTo("/a\\u000d\\u000ab\\u0020\\u0022c\\u001b[0m\\u00e9");
    }
}
