// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.regex.Pattern;

/**
 * What a native runtime says when it fails, made fit for a client: one line of bounded length, without places in this
 * machine's file system or in the runtime's source. The untouched text belongs into the log, as the exception's cause.
 */
public final class NativeMessage {
    private static final int LONGEST = 300;

    /** {@code foo.cc:426 } and {@code /src/foo.cpp:12}, with the function that may follow in the runtime's own style. */
    private static final Pattern SOURCE_PLACE =
            Pattern.compile("\\S*\\.(?:cc|cpp|cxx|c|h|hpp|inc)\"?:\\d+:?(?:\\s+[\\w:~<>]+(?:\\([^)]*\\))?(?=\\s))?");

    /** A path from the root down in quotes, where it may hold anything. */
    private static final Pattern QUOTED_PATH = Pattern.compile("([\"'])(?:[A-Za-z]:\\\\|/)(?:(?!\\1).)*\\1");

    /** A path from the root down, of at least two steps, on Linux and on Windows. */
    private static final Pattern PATH =
            Pattern.compile("(?<![\\w.])(?:[A-Za-z]:\\\\|/)[^\\s/\\\\:]+(?:[/\\\\][^\\s/\\\\:]+)+");

    /** {@code ../..} and what follows. */
    private static final Pattern WAY_OUT = Pattern.compile("(?:\\.\\.[/\\\\])+[\\w.+/\\\\-]*");

    private static final Pattern SHARED_LIBRARY = Pattern.compile("\\S+\\.(?:so|dylib|dll)(?:\\.\\d+)*\\b");

    private NativeMessage() {}

    /** {@code text} without what clients must not see. */
    public static String clean(String text) {
        String line = text;
        line = SOURCE_PLACE.matcher(line).replaceAll("");
        line = QUOTED_PATH.matcher(line).replaceAll("$1(path)$1");
        line = PATH.matcher(line).replaceAll("(path)");
        line = WAY_OUT.matcher(line).replaceAll("(path)");
        line = SHARED_LIBRARY.matcher(line).replaceAll("(library)");
        line = line.replaceAll("\\s+", " ").strip();
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
    }
}
