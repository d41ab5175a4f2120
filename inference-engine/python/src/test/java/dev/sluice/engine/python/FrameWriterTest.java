// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FrameWriterTest {
    private final FrameWriter writer = new FrameWriter();

    /** Seen to fail when views of a frame that has grown were used again. */
    @Property(tries = 300)
    void writesTextsAndBodiesInOrder(
            @ForAll @Size(max = 12) List<String> texts,
            @ForAll @Size(max = 12) List<@IntRange(max = 5000) Integer> sizes,
            @ForAll @IntRange(min = 1, max = 20_000) int pieces)
            throws IOException {
        for (int round = 0; round < 2; round++) {
            Replies expected = new Replies();
            writer.begin();
            for (int i = 0; i < Math.max(texts.size(), sizes.size()); i++) {
                if (i < texts.size()) {
                    writer.putText(texts.get(i));
                    expected.text(texts.get(i));
                }
                if (i < sizes.size()) {
                    byte[] body = new byte[sizes.get(i)];
                    java.util.Arrays.fill(body, (byte) i);
                    writer.putBody(ByteBuffer.wrap(body));
                    expected.text(new String(body, java.nio.charset.StandardCharsets.ISO_8859_1));
                }
            }
            writer.putInt(round);
            ByteTarget target = new ByteTarget(pieces);
            writer.writeTo(target);
            assertThat(target.bytes()).isEqualTo(expected.number(round).soFar());
        }
    }

    /** Large bodies are not copied, and all goes out in one call; seen to fail when each piece was written alone. */
    @Test
    void gathersLargeBodiesFromWhereTheyLie() throws IOException {
        ByteBuffer large = ByteBuffer.allocateDirect(1 << 20);
        writer.begin();
        writer.putText("before");
        writer.putBody(large);
        writer.putText("between");
        writer.putBody(large.duplicate());
        writer.putText("after");
        assertThat(large.position()).isZero();
        ByteTarget target = new ByteTarget(Integer.MAX_VALUE);
        writer.writeTo(target);
        assertThat(target.calls).isOne();
        assertThat(large.hasRemaining()).isFalse();
    }
}
