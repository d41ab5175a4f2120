// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class EntryLedgerTest {
    private final EntryLedger ledger = new EntryLedger(new ArchiveLimits(3, 1_000, 10, 100, 50, 100, 5), 20);

    private static void refuses(ThrowingCallable action, String... parts) {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(action)
                .satisfies(e -> assertThat(e.reason()).contains(parts));
    }

    @Test
    void refusesTheSameFileTwice() {
        ledger.admitFile("a/b");

        refuses(() -> ledger.admitFile("a/b"), "\"a/b\"", "is there twice");
        refuses(() -> ledger.admitFile("a/./b"), "is there twice");
    }

    @Test
    void refusesNamesThatCollideWithoutCase() {
        ledger.admitFile("Model.py");

        refuses(() -> ledger.admitFile("model.PY"), "\"model.PY\"", "\"Model.py\"", "letter case");
    }

    @Test
    void refusesNamesThatCollideOnceAccentsAreComposed() {
        ledger.admitFile("caf\u00e9");

        refuses(() -> ledger.admitFile("cafe\u0301"), "accent form");
    }

    @Test
    void refusesDirectoriesThatCollideWithoutCase() {
        ledger.admitFile("Sub/a");

        refuses(() -> ledger.admitFile("sub/b"), "letter case");
    }

    @Test
    void refusesAFileBelowAFile() {
        ledger.admitFile("a");

        refuses(() -> ledger.admitFile("a/b"), "needs a directory where the archive has a file");
    }

    @Test
    void refusesAFileWhereADirectoryIs() {
        ledger.admitFile("a/b");

        refuses(() -> ledger.admitFile("a"), "is a file and a directory at once");
    }

    @Test
    void refusesADirectoryWhereAFileIs() {
        ledger.admitFile("a");

        refuses(() -> ledger.admitDirectory("a/"), "needs a directory where the archive has a file");
    }

    @Test
    void takesADirectoryBeforeOrAfterItsFiles() {
        assertThat(ledger.admitDirectory("a/")).isEqualTo("a");
        assertThat(ledger.admitFile("a/b")).isEqualTo("a/b");
        assertThat(ledger.admitDirectory("a")).isEqualTo("a");
        assertThat(ledger.admitDirectory("./")).isEmpty();
    }

    @Test
    void refusesAFileThatIsTheRoot() {
        refuses(() -> ledger.admitFile("."), "names the archive's root");
    }

    @Test
    void refusesOneEntryTooMany() {
        ledger.countEntry();
        ledger.countEntry();
        ledger.countEntry();

        refuses(ledger::countEntry, "4 entries", "limit: 3");
        refuses(() -> ledger.announceEntries(1L << 40), "limit: 3");
    }

    @Test
    void refusesTheByteThatCrossesTheUnpackedLimit() {
        EntryLedger large = new EntryLedger(new ArchiveLimits(3, 1_000, 10, 100, 50, 100, 5), 1_000);
        large.unpacked("a", 1_000);

        refuses(() -> large.unpacked("b", 1), "\"b\"", "1000 unpacked bytes");
    }

    @Test
    void appliesTheRatioOnlyPastTheFloor() {
        assertThatCode(() -> new EntryLedger(new ArchiveLimits(3, 1_000, 10, 100, 50, 100, 5), 1).unpacked("a", 100))
                .doesNotThrowAnyException();
        ledger.unpacked("a", 200);

        refuses(() -> ledger.unpacked("a", 10), "more than 10 times", "20 bytes");
    }

    @Test
    void limitsMustBePositive() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new ArchiveLimits(0, 1, 1, 1, 1, 1, 1))
                .withMessage("entries: 0 (expected: 1 or more)");
    }
}
