// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The original's two patterns: {@code %d{ISO8601} [%-5p] %t %c - %m%n}, and without level, thread and logger for requests and
 * metrics. The lines of a stack trace begin with a tab, which no record does.
 *
 * <p><b>Source:</b> torchserve.md section 11.2.
 */
final class TextEncoder extends LineEncoder {
    private final boolean bare;
    private final DateTimeFormatter time;

    /** @param bare whether time and message are all there is */
    TextEncoder(boolean bare, ZoneId zone) {
        this.bare = bare;
        this.time = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss,SSS", Locale.ROOT)
                .withZone(zone);
    }

    @Override
    String line(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(128);
        time.formatTo(instant(event), line);
        if (!bare) {
            line.append(String.format(" [%-5s] ", event.getLevel()))
                    .append(escaped(event.getThreadName()))
                    .append(' ')
                    .append(event.getLoggerName());
        }
        line.append(" - ")
                .append(escaped(UrlSecrets.removed(event.getFormattedMessage())))
                .append('\n');
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            UrlSecrets.removed(ThrowableProxyUtil.asString(failure))
                    .lines()
                    .forEach(of -> line.append('\t').append(escaped(of.strip())).append('\n'));
        }
        return line.toString();
    }
}
