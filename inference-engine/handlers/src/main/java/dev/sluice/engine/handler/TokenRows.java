// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokens;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One part of several tokenized texts, filled up to one length.
 *
 * @param tokens none longer than {@code length}
 * @param padding what is behind a text's own tokens
 */
record TokenRows(List<Tokens> tokens, TokenInputs.Part part, int length, int padding, boolean isStretchable)
        implements Rows {
    @Override
    public DataType type() {
        return part.type();
    }

    @Override
    public Shape shape() {
        return Shape.of(length);
    }

    @Override
    public int count() {
        return tokens.size();
    }

    @Override
    public void writeTo(ByteBuffer target) {
        for (Tokens row : tokens) {
            int[] values = part.role().of(row);
            for (int i = 0; i < length; i++) {
                int value = i < values.length ? values[i] : padding;
                if (part.type() == DataType.INT64) {
                    target.putLong(value);
                } else {
                    target.putInt(value);
                }
            }
        }
    }

    @Override
    public Rows stretchedTo(long longer) {
        return new TokenRows(tokens, part, Math.toIntExact(longer), padding, isStretchable);
    }
}
