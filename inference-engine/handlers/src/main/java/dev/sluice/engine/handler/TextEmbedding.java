// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.InferenceRequest;
import java.util.ArrayList;
import java.util.List;

/** Texts in, a vector for each out: made of those the model gives for the tokens, or the model's own. */
record TextEmbedding(TextEmbeddingOptions options) implements TextTask {
    private static final double LEAST_NORM = 1e-12;

    /** How the vectors of tokens become one. */
    enum Pooling {
        MEAN("mean") {
            @Override
            float[] pool(float[][] vectors, int[] attention) {
                double[] sum = new double[vectors[0].length];
                int count = 0;
                for (int token = 0; token < vectors.length; token++) {
                    count += attention[token];
                    for (int i = 0; i < sum.length; i++) {
                        sum[i] += attention[token] * (double) vectors[token][i];
                    }
                }
                float[] mean = new float[sum.length];
                for (int i = 0; i < sum.length; i++) {
                    mean[i] = (float) (sum[i] / Math.max(1, count));
                }
                return mean;
            }
        },
        CLS("cls") {
            @Override
            float[] pool(float[][] vectors, int[] attention) {
                return vectors[0];
            }
        },
        MAX("max") {
            @Override
            float[] pool(float[][] vectors, int[] attention) {
                float[] highest = vectors[0].clone();
                for (int token = 0; token < vectors.length; token++) {
                    for (int i = 0; attention[token] != 0 && i < highest.length; i++) {
                        highest[i] = Math.max(highest[i], vectors[token][i]);
                    }
                }
                return highest;
            }
        },
        LAST_TOKEN("lastToken") {
            @Override
            float[] pool(float[][] vectors, int[] attention) {
                return vectors[vectors.length - 1];
            }
        };

        private final String wireName;

        Pooling(String wireName) {
            this.wireName = wireName;
        }

        String wireName() {
            return wireName;
        }

        /** One vector out of those of a text's tokens, of which there is at least one. */
        abstract float[] pool(float[][] vectors, int[] attention);
    }

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
            OutputRow output = FloatRow.output(TextEmbeddingProvider.NAME, outputs, 0, row);
            float[] vector = output.shape().rank() == 1
                    ? FloatRow.vector(TextEmbeddingProvider.NAME, output, 1)
                    : options.pooling()
                            .pool(
                                    FloatRow.matrix(TextEmbeddingProvider.NAME, output, tokens.size()),
                                    tokens.attention());
            return options.normalize() ? normalized(vector) : vector;
        });
    }

    private static float[] normalized(float[] vector) {
        double squares = 0;
        for (float value : vector) {
            squares += (double) value * value;
        }
        double norm = Math.max(LEAST_NORM, Math.sqrt(squares));
        float[] unit = new float[vector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (vector[i] / norm);
        }
        return unit;
    }
}
