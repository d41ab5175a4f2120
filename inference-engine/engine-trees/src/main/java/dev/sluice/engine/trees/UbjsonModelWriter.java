// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes Universal Binary JSON with the types XGBoost wants to read, which casts without a look.
 *
 * <p><b>Threads:</b> confined to the thread that writes.
 */
final class UbjsonModelWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private interface Write {
        void run() throws IOException;
    }

    private UbjsonModelWriter put(Write write) {
        try {
            write.run();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void string(String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeByte('L');
        out.writeLong(utf8.length);
        out.write(utf8);
    }

    private void array(char type, int count) throws IOException {
        out.writeBytes("[$" + type + "#L");
        out.writeLong(count);
    }

    /** One of the brackets that begin or end an object or an array. */
    UbjsonModelWriter mark(char mark) {
        return put(() -> out.writeByte(mark));
    }

    UbjsonModelWriter key(String name) {
        return put(() -> string(name));
    }

    UbjsonModelWriter text(String text) {
        return put(() -> {
            out.writeByte('S');
            string(text);
        });
    }

    UbjsonModelWriter integer(int value) {
        return put(() -> {
            out.writeByte('l');
            out.writeInt(value);
        });
    }

    UbjsonModelWriter number(float value) {
        return put(() -> {
            out.writeByte('d');
            out.writeFloat(value);
        });
    }

    UbjsonModelWriter floats(float[] values) {
        return put(() -> {
            array('d', values.length);
            for (float value : values) {
                out.writeFloat(value);
            }
        });
    }

    /** @param type {@code U}, {@code l} or {@code L} */
    UbjsonModelWriter ints(char type, int[] values) {
        return put(() -> {
            array(type, values.length);
            for (int value : values) {
                switch (type) {
                    case 'U' -> out.writeByte(value);
                    case 'l' -> out.writeInt(value);
                    default -> out.writeLong(value);
                }
            }
        });
    }

    /** An array whose elements each say what they are. */
    UbjsonModelWriter loose(int[] values) {
        mark('[');
        for (int value : values) {
            integer(value);
        }
        return mark(']');
    }

    byte[] content() {
        return bytes.toByteArray();
    }
}
