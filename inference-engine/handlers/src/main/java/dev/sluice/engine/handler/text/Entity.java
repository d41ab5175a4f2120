// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import java.util.ArrayList;
import java.util.List;

/**
 * What one token was found to be.
 *
 * @param token its place among the tokens of its text
 * @param start where it begins in the text, in code points
 * @param end where it ends, exclusive
 */
public record Entity(String label, float score, int token, int start, int end) {
    /**
     * Neighbours of one kind together: a label of {@code B-} begins an entity, one of {@code I-} or of neither goes on with one of its kind.
     *
     * <p>Source: huggingface/transformers {@code pipelines/token_classification.py}, {@code group_entities}.
     */
    public static List<List<Entity>> grouped(List<Entity> entities) {
        List<List<Entity>> groups = new ArrayList<>();
        for (Entity entity : entities) {
            List<Entity> last = groups.isEmpty() ? List.of() : groups.get(groups.size() - 1);
            boolean goesOn = !last.isEmpty()
                    && !entity.label.startsWith("B-")
                    && entity.kind().equals(last.get(last.size() - 1).kind());
            if (goesOn) {
                last.add(entity);
            } else {
                groups.add(new ArrayList<>(List.of(entity)));
            }
        }
        return groups;
    }

    /** The label without what says where in an entity it is. */
    private String kind() {
        return label.startsWith("B-") || label.startsWith("I-") ? label.substring(2) : label;
    }

    /** What a group that begins with this is called: all after the first hyphen, whatever is before it. */
    public String groupLabel() {
        return label.substring(label.indexOf('-') + 1);
    }
}
