// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EntityTest {
    @Test
    void groupsNeighboursOfOneKind() {
        assertThat(grouped("B-PER", "I-PER", "O", "O", "I-LOC", "B-LOC", "I-PER", "MISC", "MISC", "B-MISC"))
                .containsExactly(
                        List.of("B-PER", "I-PER"),
                        List.of("O", "O"),
                        List.of("I-LOC"),
                        List.of("B-LOC"),
                        List.of("I-PER"),
                        List.of("MISC", "MISC"),
                        List.of("B-MISC"));
        assertThat(grouped()).isEmpty();
    }

    @Test
    void callsGroupsByWhatFollowsTheFirstHyphen() {
        assertThat(entity("B-ORG-UNIT").groupLabel()).isEqualTo("ORG-UNIT");
        assertThat(entity("O").groupLabel()).isEqualTo("O");
    }

    private static List<List<String>> grouped(String... labels) {
        return Entity.grouped(Stream.of(labels).map(EntityTest::entity).toList()).stream()
                .map(group -> group.stream().map(Entity::label).toList())
                .toList();
    }

    private static Entity entity(String label) {
        return new Entity(label, 1, 0, 0, 1);
    }
}
