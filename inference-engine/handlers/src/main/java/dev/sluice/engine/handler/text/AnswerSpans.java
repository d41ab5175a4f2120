// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Chooses answers among the spans of a text's windows: the likeliest of each window, then of all; the same answer found twice counts
 * twice.
 *
 * <p>Source: huggingface/transformers {@code pipelines/question_answering.py}, {@code select_starts_ends}, {@code decode_spans} and {@code postprocess}.
 *
 * <p><b>Threads:</b> used by one thread.
 */
public final class AnswerSpans {
    private static final float MASKED = -10_000f;

    private final int topK;
    /** Spans taken of each window: more than are wanted, since several may be of the same words. */
    private final int candidates;

    private final int longest;
    /** By their texts in lower case. */
    private final Map<String, Answer> answers = new LinkedHashMap<>();

    /** Written by {@link #add}: how likely it is, at least, that there is no answer. */
    private float impossible = 1_000_000f;

    /** @param longest most tokens of an answer */
    public AnswerSpans(int topK, int longest) {
        this.topK = topK;
        this.candidates = 2 * topK + 10;
        this.longest = longest;
    }

    /** An answer, and where it is in its text, in code points. */
    public record Answer(String text, double score, int start, int end) {}

    /** A span of one window's tokens. */
    public record Span(int first, int last, float score) {}

    /** What turns a span into the answer that it is in the text. */
    @FunctionalInterface
    public interface Reading {
        /** The answer of the tokens {@code first} to {@code last}, with that score. */
        Answer read(int first, int last, double score);
    }

    /**
     * Takes the likeliest spans of one window.
     *
     * @param starts a score for each token to be the first of the answer
     * @param ends a score for each token to be the last
     * @param allowed which tokens may be in an answer; the first of all is for "no answer", and is never chosen
     */
    public void add(float[] starts, float[] ends, boolean[] allowed, Reading reading) {
        float[] first = probabilities(starts, allowed);
        float[] last = probabilities(ends, allowed);
        impossible = Math.min(impossible, first[0] * last[0]);
        first[0] = 0;
        last[0] = 0;
        for (Span span : best(first, last, allowed)) {
            merge(reading.read(span.first(), span.last(), span.score()));
        }
    }

    private void merge(Answer found) {
        answers.merge(
                found.text().toLowerCase(Locale.ROOT),
                found,
                (known, again) -> new Answer(known.text(), known.score() + again.score(), known.start(), known.end()));
    }

    /** The likeliest answers of all windows, from the likeliest down. */
    public List<Answer> answers(boolean withImpossible) {
        List<Answer> all = new ArrayList<>(answers.values());
        if (withImpossible) {
            all.add(new Answer("", impossible, 0, 0));
        }
        all.sort(Comparator.comparingDouble(Answer::score).reversed());
        return all.subList(0, Math.min(topK, all.size()));
    }

    private List<Span> best(float[] starts, float[] ends, boolean[] allowed) {
        PriorityQueue<Span> best = new PriorityQueue<>(Comparator.comparingDouble(Span::score));
        for (int first = 1; first < starts.length; first++) {
            int end = Math.min(ends.length, first + longest);
            for (int last = first; allowed[first] && last < end; last++) {
                float score = starts[first] * ends[last];
                if (allowed[last]
                        && (best.size() < candidates || score > best.element().score())) {
                    best.add(new Span(first, last, score));
                    if (best.size() > candidates) {
                        best.poll();
                    }
                }
            }
        }
        List<Span> ordered = new ArrayList<>(best);
        ordered.sort(Comparator.comparingDouble(Span::score).reversed());
        return ordered;
    }

    private static float[] probabilities(float[] scores, boolean[] allowed) {
        float[] values = new float[scores.length];
        float highest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < values.length; i++) {
            values[i] = allowed[i] ? scores[i] : MASKED;
            highest = Math.max(highest, values[i]);
        }
        float sum = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.exp(values[i] - highest);
            sum += values[i];
        }
        for (int i = 0; i < values.length; i++) {
            values[i] /= sum;
        }
        return values;
    }
}
