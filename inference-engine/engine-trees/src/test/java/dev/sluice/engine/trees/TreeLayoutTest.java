// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TreeLayoutTest {
    private static TreeLayout layout(int[] left, int[] right) {
        return TreeLayout.of(left, right);
    }

    /** Nodes of pruned branches stay behind. */
    @Test
    void putsSiblingsSideBySide() {
        TreeLayout layout = layout(new int[] {3, -1, -1, 2, -1}, new int[] {1, -1, -1, 4, -1});
        assertThat(layout.source()).containsExactly(0, 3, 1, 2, 4);
        assertThat(layout.children()).containsExactly(1, 3, -1, -1, -1);
        TreeLayout pruned = layout(new int[] {1, -1, -1, -1}, new int[] {2, -1, -1, -1});
        assertThat(pruned.size()).isEqualTo(3);
    }

    /** Seen to fail when nodes were not marked as reached. */
    @Test
    void refusesCirclesAndSharedNodes() {
        assertThatThrownBy(() -> layout(new int[] {1, 0, -1}, new int[] {2, 2, -1}))
                .isInstanceOf(MalformedModelException.class)
                .hasMessage("node 0 has two parents (expected: a tree)");
        assertThatThrownBy(() -> layout(new int[] {1, -1}, new int[] {1, -1})).hasMessageContaining("two parents");
    }

    @Test
    void refusesChildrenThatAreNotThere() {
        assertThatThrownBy(() -> layout(new int[] {1, -1, -1}, new int[] {3, -1, -1}))
                .hasMessage("node 0 has the child 3 (expected: 0..2)");
        assertThatThrownBy(() -> layout(new int[] {1, -1}, new int[] {-1, -1}))
                .hasMessage("node 0 has the child -1 (expected: 0..1)");
    }
}
