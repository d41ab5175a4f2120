// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;

/**
 * One container format, reduced to what all have in common: files and directories, in the container's order. Every name
 * and every byte handed to the visitor has passed the ledger.
 */
interface EntrySource {
    /** What is done with the entries. */
    interface Visitor {
        /**
         * Takes one file. The content may be left unread; it ends with the file and fails on damage or excess.
         *
         * @param bytes the size as declared
         * @return whether to go on
         */
        boolean file(String name, long bytes, InputStream content) throws IOException;

        /** Takes one explicit directory; parents of files are not announced. */
        default void directory(String name) throws IOException {}
    }

    void read(EntryLedger ledger, Visitor visitor) throws IOException;
}
