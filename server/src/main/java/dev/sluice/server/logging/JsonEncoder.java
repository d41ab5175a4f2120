// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * One JSON object a line: {@code ts}, {@code level}, {@code logger}, {@code thread}, {@code msg}, what the thread's context
 * has, and {@code error.type}, {@code error.message} and {@code error.stack} of a failure.
 *
 * <p><b>Source:</b> operations.md section 4.5, "Logs" and "Line safety".
 */
final class JsonEncoder extends LineEncoder {
    @Override
    String line(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(192).append('{');
        field(line, "ts", DateTimeFormatter.ISO_INSTANT.format(instant(event).truncatedTo(ChronoUnit.MILLIS)));
        field(line, "level", event.getLevel().toString());
        field(line, "logger", event.getLoggerName());
        field(line, "thread", event.getThreadName());
        field(line, "msg", UrlSecrets.removed(event.getFormattedMessage()));
        for (Map.Entry<String, String> entry : event.getMDCPropertyMap().entrySet()) {
            field(line, "context." + entry.getKey(), entry.getValue());
        }
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            field(line, "error.type", failure.getClassName());
            field(line, "error.message", UrlSecrets.removed(String.valueOf(failure.getMessage())));
            field(line, "error.stack", UrlSecrets.removed(ThrowableProxyUtil.asString(failure)));
        }
        return line.append("}\n").toString();
    }

    private static void field(StringBuilder line, String name, String value) {
        if (line.length() > 1) {
            line.append(',');
        }
        quoted(line, name);
        line.append(':');
        quoted(line, value);
    }

    private static void quoted(StringBuilder line, String text) {
        line.append('"');
        char[] quoted = new JsonStringEncoder().quoteAsString(text);
        for (char c : quoted) {
            // JSON allows these as they are; terminals and some readers of lines do not.
            if (c == 0x7F || (c >= 0x80 && c < 0xA0) || c == '\u2028' || c == '\u2029') {
                line.append(String.format("\\u%04x", (int) c));
            } else {
                line.append(c);
            }
        }
        line.append('"');
    }
}
