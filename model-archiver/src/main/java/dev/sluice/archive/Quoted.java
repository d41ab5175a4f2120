// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

/** How a string from an archive or a user is shown in a message: in quotes, without control characters, cut when long. */
final class Quoted {
    private static final int LONGEST = 160;

    private Quoted() {}

    static String of(String raw) {
        StringBuilder shown = new StringBuilder("\"");
        int end = Math.min(raw.length(), LONGEST);
        for (int i = 0; i < end; i++) {
            char c = raw.charAt(i);
            if (c == '"' || c == '\\') {
                shown.append('\\').append(c);
            } else if (isUnprintable(c)) {
                shown.append(String.format("\\u%04x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return shown.append(raw.length() > LONGEST ? "...\"" : "\"").toString();
    }

    /** Controls forge log lines; formatting characters and lone surrogates make a name look like another one. */
    private static boolean isUnprintable(char c) {
        return Character.isISOControl(c)
                || Character.getType(c) == Character.FORMAT
                || c == '\u2028'
                || c == '\u2029'
                || Character.isSurrogate(c);
    }
}
