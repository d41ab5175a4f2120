// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

import java.util.List;

/**
 * What came of looking at a set-up.
 *
 * @param read the files and folders that were looked at
 * @param yaml a {@code sluice.yaml} with the same settings
 * @param command how to start a server with it
 */
public record Migration(List<String> read, List<Finding> findings, String yaml, String command) {
    public Migration {
        read = List.copyOf(read);
        findings = List.copyOf(findings);
    }

    /** Whether everything works here. */
    public boolean isComplete() {
        return findings.stream().noneMatch(finding -> finding.verdict() == Finding.Verdict.CANNOT);
    }
}
