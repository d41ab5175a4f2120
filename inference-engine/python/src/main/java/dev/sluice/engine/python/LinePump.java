// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what a process prints to one of its streams until that ends, and hands it on line by line. Lines that are too long come in
 * pieces; what is no UTF-8 is replaced.
 *
 * <p><b>Threads:</b> one of its own, which waits for the process; whoever takes the lines may hold it up.
 */
final class LinePump implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(LinePump.class);
    private static final int LONGEST_LINE = 8 << 10;
    private static final int CONTINUATION_MASK = 0xc0;
    private static final int CONTINUATION = 0x80;
    private static final int MOST_CONTINUATIONS = 3;

    private final InputStream source;
    private final Consumer<String> lines;
    private final byte[] received = new byte[LONGEST_LINE];
    private final byte[] line = new byte[LONGEST_LINE];

    /** The pump's thread: how much of {@link #line} there is. */
    private int length;

    /** The pump's thread: whether a line feed would be the second half of a line's end. */
    private boolean wasReturn;

    LinePump(InputStream source, Consumer<String> lines) {
        this.source = source;
        this.lines = lines;
    }

    @Override
    public void run() {
        try {
            for (int count = source.read(received); count >= 0; count = source.read(received)) {
                for (int i = 0; i < count; i++) {
                    take(received[i]);
                }
            }
        } catch (IOException e) {
            LOG.debug("A worker's output ended", e);
        }
        if (length > 0) {
            hand(length);
        }
    }

    private void take(byte next) {
        boolean isSecondHalf = wasReturn && next == '\n';
        wasReturn = next == '\r';
        if (next == '\n' || next == '\r') {
            if (!isSecondHalf) {
                hand(length);
            }
            return;
        }
        if (length == LONGEST_LINE) {
            hand(wholeCharacters());
        }
        line[length++] = next;
    }

    /** How much of a full line can be handed on without cutting a character in two. */
    private int wholeCharacters() {
        int end = length;
        for (int i = 0; i < MOST_CONTINUATIONS && (line[end - 1] & CONTINUATION_MASK) == CONTINUATION; i++) {
            end--;
        }
        boolean startsCharacter = (line[end - 1] & CONTINUATION_MASK) == CONTINUATION_MASK;
        return startsCharacter ? end - 1 : length;
    }

    private void hand(int count) {
        String text = new String(line, 0, count, StandardCharsets.UTF_8);
        System.arraycopy(line, count, line, 0, length - count);
        length -= count;
        try {
            lines.accept(text);
        } catch (RuntimeException | Error e) {
            // The worker must not be held up for good by a line that cannot be logged.
            LOG.error("A line of a worker could not be handed on", e);
        }
    }
}
