// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * One line of a zip file's central directory, unjudged.
 *
 * @param rawName bytes of the name, each as one character; local and central copies must agree on them
 * @param unixType top four bits of the Unix mode, 0 when the maker set none; see {@code S_IFMT}
 */
record ZipEntryRecord(
        String rawName, int flags, int method, long crc, long bytes, long packedBytes, long localOffset, int unixType) {
    static final int STORED = 0;
    static final int DEFLATED = 8;

    private static final int ENCRYPTED = 1;
    private static final int UNIX_UNSET = 0;
    private static final int UNIX_DIRECTORY = 4;
    private static final int UNIX_FILE = 8;
    private static final int UNIX_LINK = 10;

    /** The name as text. Only UTF-8 is read: what else it could mean depends on who reads. */
    String name() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(rawName.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw EntryNames.refused(rawName, "has a name that is not UTF-8");
        }
    }

    boolean isDirectory() {
        return rawName.endsWith("/");
    }

    /** Refuses links, devices, encryption and methods that no model archive uses. */
    void checkKind(String name) {
        if (unixType == UNIX_LINK) {
            throw EntryNames.refused(name, "is a symbolic link (expected: files and directories)");
        }
        int expected = isDirectory() ? UNIX_DIRECTORY : UNIX_FILE;
        if (unixType != UNIX_UNSET && unixType != UNIX_FILE && unixType != expected) {
            throw EntryNames.refused(
                    name, "is a special file of type " + unixType + " (expected: files and directories)");
        }
        if (isDirectory() && bytes != 0) {
            throw EntryNames.refused(name, "is a directory with content");
        }
        if ((flags & ENCRYPTED) != 0) {
            throw EntryNames.refused(name, "is encrypted (expected: plain)");
        }
        if (method != STORED && method != DEFLATED) {
            throw EntryNames.refused(name, "is compressed by method " + method + " (expected: 0 stored or 8 deflated)");
        }
    }
}
