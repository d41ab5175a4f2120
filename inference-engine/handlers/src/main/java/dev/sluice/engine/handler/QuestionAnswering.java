// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.Tokens;
import dev.sluice.engine.handler.text.AnswerSpans;
import dev.sluice.engine.handler.text.CodePointText;
import dev.sluice.inference.InferenceRequest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A question and a text in, the part of the text that answers it out. A text that is too long is read in windows that overlap.
 *
 * <p>Source: huggingface/transformers {@code pipelines/question_answering.py} for what is chosen and for the form of answers.
 */
record QuestionAnswering(QuestionAnsweringOptions options) implements TextTask {
    private static final String QUESTION = "question";
    private static final String CONTEXT = "context";

    @Override
    public Asked read(InferenceRequest request, Tokenizer tokenizer) {
        List<String> texts = TextBody.named(request, options.text(), QUESTION, CONTEXT);
        List<Tokens> windows = tokenizer.encode(texts.get(0), texts.get(1));
        options.text().requireRows("windows of '" + CONTEXT + "'", windows.size());
        return new Asked(texts, false, windows);
    }

    @Override
    public Object answer(Asked asked, OutputSlice outputs, Tokenizer tokenizer) {
        int starts = index(outputs, "start_logits", 0);
        int ends = index(outputs, "end_logits", 1);
        CodePointText context = CodePointText.of(asked.texts().get(1));
        AnswerSpans spans = new AnswerSpans(options.topK(), options.maxAnswerTokens());
        for (int row = 0; row < asked.rows().size(); row++) {
            Tokens window = asked.rows().get(row);
            spans.add(
                    scores(outputs, starts, row, window),
                    scores(outputs, ends, row, window),
                    allowed(window),
                    (first, last, score) -> answer(window, context, first, last, score));
        }
        List<Object> answers = spans.answers(options.impossibleAnswer()).stream()
                .<Object>map(QuestionAnswering::json)
                .toList();
        return answers.size() == 1 ? answers.get(0) : answers;
    }

    private static int index(OutputSlice outputs, String name, int otherwise) {
        int named = outputs.names().indexOf(name);
        return named < 0 ? otherwise : named;
    }

    private static float[] scores(OutputSlice outputs, int output, int row, Tokens window) {
        OutputRow scores = FloatRow.output(QuestionAnsweringProvider.NAME, outputs, output, row);
        float[] values = FloatRow.vector(QuestionAnsweringProvider.NAME, scores, window.size());
        return Arrays.copyOf(values, window.size());
    }

    /** Tokens of the context; and the first of all, which stands for "no answer" where there is one. */
    private static boolean[] allowed(Tokens window) {
        boolean[] allowed = new boolean[window.size()];
        for (int i = 0; i < allowed.length; i++) {
            allowed[i] = window.sequences()[i] == 1 && window.attention()[i] == 1;
        }
        allowed[0] |= window.specials()[0] == 1;
        return allowed;
    }

    /** The span widened to whole words, where the tokenizer knows words. */
    private static AnswerSpans.Answer answer(Tokens window, CodePointText context, int first, int last, double score) {
        int firstWord = window.words()[first];
        int lastWord = window.words()[last];
        int start = window.starts()[first];
        int end = window.ends()[last];
        if (firstWord != Tokens.NONE && lastWord != Tokens.NONE) {
            for (int i = first; i >= 0 && window.sequences()[i] == 1 && window.words()[i] == firstWord; i--) {
                start = window.starts()[i];
            }
            for (int i = last; i < window.size() && window.sequences()[i] == 1 && window.words()[i] == lastWord; i++) {
                end = window.ends()[i];
            }
        }
        return new AnswerSpans.Answer(context.slice(start, end), score, start, end);
    }

    private static Map<String, Object> json(AnswerSpans.Answer answer) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("score", answer.score());
        json.put("start", answer.start());
        json.put("end", answer.end());
        json.put("answer", answer.text());
        return json;
    }
}
