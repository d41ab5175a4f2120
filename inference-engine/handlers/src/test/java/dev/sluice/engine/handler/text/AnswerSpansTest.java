// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerSpansTest {
    private static final boolean[] ALL = {true, true, true, true};

    @Test
    void takesNoSpanThatEndsBeforeItBegins() {
        AnswerSpans spans = new AnswerSpans(1, 15);
        spans.add(new float[] {0, 0, 0, 9}, new float[] {0, 9, 0, 1}, ALL, AnswerSpansTest::named);

        assertThat(spans.answers(false)).extracting(AnswerSpans.Answer::text).containsExactly("3-3");
    }

    @Test
    void takesNoSpanLongerThanAllowed() {
        AnswerSpans spans = new AnswerSpans(1, 2);
        spans.add(new float[] {0, 9, 0, 8}, new float[] {0, 0, 0, 9}, ALL, AnswerSpansTest::named);

        assertThat(spans.answers(false)).extracting(AnswerSpans.Answer::text).containsExactly("3-3");
    }

    @Test
    void leavesOutWhatIsNotAllowed() {
        AnswerSpans spans = new AnswerSpans(5, 15);
        spans.add(
                new float[] {50, 90, 3, 1},
                new float[] {50, 90, 3, 1},
                new boolean[] {true, false, true, true},
                AnswerSpansTest::named);

        assertThat(spans.answers(false)).extracting(AnswerSpans.Answer::text).containsExactly("2-2", "2-3", "3-3");
    }

    @Test
    void addsUpAnswersFoundTwice() {
        AnswerSpans spans = new AnswerSpans(3, 15);
        for (int window = 0; window < 2; window++) {
            spans.add(
                    new float[] {0, 0},
                    new float[] {0, 0},
                    new boolean[] {true, true},
                    (first, last, score) -> new AnswerSpans.Answer(score > 0 ? "Paris" : "", score, 1, 6));
        }
        List<AnswerSpans.Answer> answers = spans.answers(true);

        assertThat(answers).extracting(AnswerSpans.Answer::text).containsExactly("Paris", "");
        assertThat(answers.get(0).score()).isCloseTo(0.5, within(1e-6));
        assertThat(answers.get(1).score()).isCloseTo(0.25, within(1e-6));
    }

    /** Seen to fail when each answer was compared with all before it, which took more than the 20 seconds. */
    @Test
    void mergesManyAnswersOfManyWindows() {
        AnswerSpans spans = new AnswerSpans(1000, 100);
        boolean[] allowed = new boolean[200];
        Arrays.fill(allowed, true);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int window = 0; window < 64; window++) {
                String name = "w" + window + " ";
                spans.add(
                        new float[200],
                        new float[200],
                        allowed,
                        (first, last, score) -> new AnswerSpans.Answer(name + first + "-" + last, score, first, last));
            }
        });

        assertThat(spans.answers(false)).hasSize(1000);
    }

    private static AnswerSpans.Answer named(int first, int last, double score) {
        return new AnswerSpans.Answer(first + "-" + last, score, first, last);
    }
}
