// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.Tokens;
import dev.sluice.engine.handler.text.CodePointText;
import dev.sluice.engine.handler.text.Entity;
import dev.sluice.inference.InferenceRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Texts in, a list of what was found in each out: of every token, or of neighbouring ones together.
 *
 * <p>Source: huggingface/transformers {@code pipelines/token_classification.py} for the form of answers.
 */
record TokenClassification(TokenClassifierOptions options, ClassLabels labels) implements TextTask {
    /** What has no space before it. */
    private static final Pattern PUNCTUATION = Pattern.compile(" ([.?!,])");

    @Override
    public Asked read(InferenceRequest request, Tokenizer tokenizer) {
        TextBody body = TextBody.read(request, options.text());
        List<Tokens> rows = new ArrayList<>();
        for (String text : body.texts()) {
            rows.add(tokenizer.encode(text).get(0));
        }
        return new Asked(body.texts(), body.isList(), rows);
    }

    @Override
    public Object answer(Asked asked, OutputSlice outputs, Tokenizer tokenizer) {
        return FloatRow.each(asked, row -> {
            Tokens tokens = asked.rows().get(row);
            OutputRow scores = FloatRow.output(TokenClassifierProvider.NAME, outputs, 0, row);
            float[][] values = FloatRow.matrix(TokenClassifierProvider.NAME, scores, tokens.size());
            List<Entity> entities = entities(tokens, values);
            Quoted quoted = new Quoted(tokens, CodePointText.of(asked.texts().get(row)), tokenizer);
            return options.isGrouped() ? grouped(entities, quoted) : single(entities, quoted);
        });
    }

    private List<Entity> entities(Tokens tokens, float[][] scores) {
        List<Entity> entities = new ArrayList<>();
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.specials()[i] == 0) {
                float[] probabilities = FloatRow.softmax(scores[i]);
                int best = Softmax.highest(probabilities, 1)[0];
                entities.add(
                        new Entity(labels.label(best), probabilities[best], i, tokens.starts()[i], tokens.ends()[i]));
            }
        }
        return entities;
    }

    private List<Object> single(List<Entity> entities, Quoted quoted) {
        List<Object> answers = new ArrayList<>();
        for (Entity entity : entities) {
            if (!options.ignoreLabels().contains(entity.label())) {
                Map<String, Object> answer = new LinkedHashMap<>();
                answer.put("entity", entity.label());
                answer.put("score", entity.score());
                answer.put("index", entity.token());
                answer.put("word", quoted.word(entity));
                answer.put("start", entity.start());
                answer.put("end", entity.end());
                answers.add(answer);
            }
        }
        return answers;
    }

    private List<Object> grouped(List<Entity> entities, Quoted quoted) {
        List<Object> answers = new ArrayList<>();
        for (List<Entity> group : Entity.grouped(entities)) {
            Entity first = group.get(0);
            if (!options.ignoreLabels().contains(first.groupLabel())) {
                float sum = 0;
                for (Entity entity : group) {
                    sum += entity.score();
                }
                Map<String, Object> answer = new LinkedHashMap<>();
                answer.put("entity_group", first.groupLabel());
                answer.put("score", sum / group.size());
                answer.put("word", quoted.words(group));
                answer.put("start", first.start());
                answer.put("end", group.get(group.size() - 1).end());
                answers.add(answer);
            }
        }
        return answers;
    }

    /** What tokens say: what the vocabulary calls them, or, of those it does not know, the text itself. */
    private record Quoted(Tokens tokens, CodePointText text, Tokenizer tokenizer) {
        private boolean isUnknown(Entity entity) {
            return tokenizer.unknownId().isPresent()
                    && tokens.ids()[entity.token()] == tokenizer.unknownId().getAsInt();
        }

        String word(Entity entity) {
            return isUnknown(entity)
                    ? text.slice(entity.start(), entity.end())
                    : tokens.pieces().get(entity.token());
        }

        /** The known ones decoded together, with the unknown ones as words between, as the decoder of BERT's vocabularies puts them. */
        String words(List<Entity> group) {
            List<String> words = new ArrayList<>();
            List<Integer> known = new ArrayList<>();
            for (Entity entity : group) {
                if (isUnknown(entity)) {
                    decode(known, words);
                    words.add(word(entity));
                } else {
                    known.add(tokens.ids()[entity.token()]);
                }
            }
            decode(known, words);
            if (words.size() == 1) {
                return words.get(0);
            }
            return PUNCTUATION.matcher(String.join(" ", words)).replaceAll("$1");
        }

        private void decode(List<Integer> ids, List<String> words) {
            if (!ids.isEmpty()) {
                words.add(tokenizer.decode(ids.stream().mapToInt(id -> id).toArray()));
                ids.clear();
            }
        }
    }
}
