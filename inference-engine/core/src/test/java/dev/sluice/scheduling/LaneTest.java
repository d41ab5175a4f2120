// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.model.ModelRef;
import org.junit.jupiter.api.Test;

class LaneTest {
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final Lane lane = new Lane("", 0);
    private final PendingRequest.Owner deaf = new PendingRequest.Owner() {
        @Override
        public void left(PendingRequest request) {}

        @Override
        public void answeredTwice() {}
    };

    private PendingRequest add() {
        PendingRequest.Traits traits = new PendingRequest.Traits(1, 0, ShapeKey.CONTENT, 0, false);
        PendingRequest request = new PendingRequest(deaf, numbers.request(1), new RecordingSink(), 0, traits);
        lane.add(request);
        return request;
    }

    /** Planted: alike() that gives all there ever were; each batch then came past all that had run since the lane was last empty. */
    @Test
    void doesNotComePastThoseThatRanAgain() {
        add();
        for (int i = 0; i < 1000; i++) {
            add();
            PendingRequest due = lane.head();
            assertThat(due)
                    .isNotNull()
                    .satisfies(request -> assertThat(request.claim()).isTrue());
            assertThat(lane.alike(ShapeKey.CONTENT)).hasSize(1);
        }
    }

    @Test
    void holdsOnToNothingWhenNothingWaits() {
        add().cancel();
        add().cancel();

        assertThat(lane.head()).isNull();
        assertThat(lane.alike(ShapeKey.CONTENT)).isEmpty();
        assertThat(lane.nodes()).isZero();
    }
}
