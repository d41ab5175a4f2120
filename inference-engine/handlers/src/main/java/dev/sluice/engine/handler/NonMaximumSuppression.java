// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Leaves the best of the boxes that a detector gives for one thing: of one class, and largely over each other. */
final class NonMaximumSuppression {
    /** Candidates looked at, the best first: what a wild model gives must not cost its square. */
    private static final int MAX_CANDIDATES = 10_000;

    private NonMaximumSuppression() {}

    /**
     * The detections that none with a higher score of their class covers, from the highest score down; of equals the first.
     *
     * @param maxOverlap intersection over union above which one covers the other
     * @param most to keep
     */
    static List<Detection> of(List<Detection> detections, double maxOverlap, int most) {
        List<Detection> sorted = new ArrayList<>(detections);
        sorted.sort(Comparator.comparingDouble(Detection::score).reversed());
        List<Detection> kept = new ArrayList<>();
        for (Detection candidate : sorted.subList(0, Math.min(MAX_CANDIDATES, sorted.size()))) {
            if (kept.size() == most) {
                break;
            }
            if (kept.stream().noneMatch(better -> covers(better, candidate, maxOverlap))) {
                kept.add(candidate);
            }
        }
        return kept;
    }

    private static boolean covers(Detection better, Detection candidate, double maxOverlap) {
        return better.label() == candidate.label() && better.overlap(candidate) > maxOverlap;
    }
}
