// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An archive that cannot be read or made: a sentence that names the entry or argument and what was expected, and sometimes
 * what to do next. The only failure that leaves this package; archive and entry names in it are quoted and cut, so that it
 * may be logged.
 */
public final class ArchiveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String remedy;

    public ArchiveException(String message) {
        this(message, "", null);
    }

    public ArchiveException(String message, Throwable cause) {
        this(message, "", cause);
    }

    /**
     * A failure with something to do about it.
     *
     * @param remedy what the user does next, as an imperative sentence
     */
    public ArchiveException(String message, String remedy) {
        this(message, remedy, null);
    }

    private ArchiveException(String message, String remedy, @Nullable Throwable cause) {
        super(message, cause);
        this.remedy = remedy;
    }

    /** The same failure with the archive it happened in named first. */
    ArchiveException in(String archive) {
        return new ArchiveException(archive + ": " + reason(), remedy, getCause());
    }

    /** What the user does next; empty when the message says it all. */
    public Optional<String> remedy() {
        return remedy.isEmpty() ? Optional.empty() : Optional.of(remedy);
    }

    /** Never null, unlike the inherited contract. */
    public String reason() {
        String message = getMessage();
        return message == null ? "archive refused" : message;
    }
}
