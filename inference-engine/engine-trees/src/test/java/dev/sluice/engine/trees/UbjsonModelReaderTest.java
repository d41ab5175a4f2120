// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UbjsonModelReaderTest {
    private static byte[] bytes(Object... parts) {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        for (Object part : parts) {
            if (part instanceof String text) {
                buffer.put(text.getBytes(StandardCharsets.UTF_8));
            } else if (part instanceof Integer number) {
                buffer.putInt(number);
            } else if (part instanceof Float number) {
                buffer.putFloat(number);
            } else if (part instanceof Byte number) {
                buffer.put(number);
            } else {
                buffer.putLong((Long) part);
            }
        }
        byte[] content = new byte[buffer.position()];
        buffer.flip().get(content);
        return content;
    }

    @Test
    void readsNumbersOfOneTypeAndOfSeveral() {
        assertThat(new UbjsonModelReader(bytes("[$d#L", 2L, 1.5f, -2f)).floats())
                .containsExactly(1.5f, -2f);
        assertThat(new UbjsonModelReader(bytes("[i", (byte) -1, "l", 70_000, "TFN]")).ints())
                .containsExactly(-1, 70_000, 1, 0);
        assertThat(new UbjsonModelReader(bytes("[#U", (byte) 1, "L", 3L)).ints())
                .containsExactly(3);
    }

    @Test
    void passesOverWhatNobodyAskedFor() {
        UbjsonModelReader reader = new UbjsonModelReader(
                bytes("{i", (byte) 1, "a[$l#i", (byte) 1, 7, "i", (byte) 1, "b{}i", (byte) 1, "cSi", (byte) 2, "hi}"));
        List<String> names = new ArrayList<>();
        reader.object(name -> {
            names.add(name);
            reader.skip();
        });
        reader.end();
        assertThat(names).containsExactly("a", "b", "c");
    }

    /** Seen to fail when counts were believed. */
    @Test
    void allocatesForNoMoreThanThereIs() {
        assertThatThrownBy(() -> new UbjsonModelReader(bytes("[$d#L", 1L << 40, 1f)).floats())
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("an array of 1099511627776 elements in 4 bytes");
        assertThatThrownBy(() -> new UbjsonModelReader(bytes("[$L#l", 2, 1L)).ints())
                .hasMessageContaining("an array of 2 elements in 8 bytes");
        assertThatThrownBy(() -> new UbjsonModelReader(bytes("SL", -5L)).text())
                .hasMessageContaining("a string of -5 bytes");
    }

    /** Seen to fail without a limit. */
    @Test
    void goesOnlySoDeep() {
        String deep = "[".repeat(900);
        assertThatThrownBy(() -> new UbjsonModelReader(bytes(deep)).skip())
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("more than 32 levels");
    }

    @Test
    void refusesNumbersThatDoNotFit() {
        assertThatThrownBy(() -> new UbjsonModelReader(bytes("[L", 1L << 31, "]")).ints())
                .hasMessageContaining("the number 2147483648");
        assertThatThrownBy(() -> new UbjsonModelReader(bytes("[d", 1f, "]")).ints())
                .hasMessageContaining("'d'");
    }
}
