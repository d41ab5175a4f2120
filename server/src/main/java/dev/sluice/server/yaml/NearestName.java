// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/** The name somebody probably meant. */
public final class NearestName {
    private NearestName() {}

    /** Of {@code names} the nearest to {@code typed} in letters to change; nothing if more than a third of them would change. */
    public static Optional<String> among(Collection<String> names, String typed) {
        return names.stream()
                .min(Comparator.<String>comparingInt(name -> distance(typed, name))
                        .thenComparing(name -> name))
                .filter(name -> distance(typed, name) <= Math.max(2, name.length() / 3));
    }

    /** Letters to insert, delete or replace to get from {@code a} to {@code b}. */
    private static int distance(String a, String b) {
        int[] row = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
