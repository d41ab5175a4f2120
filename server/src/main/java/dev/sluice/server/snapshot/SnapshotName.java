// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.serving.ModelJournal.Occasion;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a snapshot's file: {@code yyyyMMddHHmmssSSS-startup.cfg}, {@code -snapshot.cfg} or {@code -shutdown.cfg}. The time
 * is UTC here, and local time in the original; later files have greater names all the same, since each new one is later than
 * all that are there.
 *
 * <p>Source: torchserve.md section 10.
 */
record SnapshotName(LocalDateTime time, Occasion occasion) implements Comparable<SnapshotName> {
    private static final Pattern FORM = Pattern.compile("(\\d{17})-(startup|snapshot|shutdown)\\.cfg");
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMddHHmmssSSS", Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);

    /** Empty for a file that is no snapshot. */
    static Optional<SnapshotName> parse(String file) {
        Matcher form = FORM.matcher(file);
        if (!form.matches()) {
            return Optional.empty();
        }
        Occasion occasion = switch (form.group(2)) {
            case "startup" -> Occasion.STARTUP;
            case "shutdown" -> Occasion.SHUTDOWN;
            default -> Occasion.CHANGE;
        };
        try {
            return Optional.of(new SnapshotName(LocalDateTime.parse(form.group(1), STAMP), occasion));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** The name for now, or for a millisecond after {@code latest} if that is later. */
    static SnapshotName next(Instant now, Optional<LocalDateTime> latest, Occasion occasion) {
        LocalDateTime time = LocalDateTime.ofInstant(now, ZoneOffset.UTC).truncatedTo(ChronoUnit.MILLIS);
        LocalDateTime least =
                latest.map(last -> last.plus(1, ChronoUnit.MILLIS)).orElse(time);
        return new SnapshotName(least.isAfter(time) ? least : time, occasion);
    }

    String file() {
        String kind = switch (occasion) {
            case STARTUP -> "startup";
            case CHANGE -> "snapshot";
            case SHUTDOWN -> "shutdown";
        };
        return STAMP.format(time) + "-" + kind + ".cfg";
    }

    @Override
    public int compareTo(SnapshotName other) {
        return file().compareTo(other.file());
    }
}
