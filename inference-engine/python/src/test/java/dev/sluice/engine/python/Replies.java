// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Writes replies as workers do, for tests. */
final class Replies {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static Replies of(int code, String message) {
        return new Replies().number(code).text(message);
    }

    Replies prediction(String id, String contentType, int status, String reason, Map<String, String> headers, byte[] body) {
        text(id).text(contentType).number(status).text(reason).number(headers.size());
        headers.forEach((name, value) -> text(name).text(value));
        number(body.length);
        bytes.writeBytes(body);
        return this;
    }

    Replies number(int value) {
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        return this;
    }

    Replies text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        number(utf8.length);
        bytes.writeBytes(utf8);
        return this;
    }

    byte[] end() {
        return number(-1).bytes.toByteArray();
    }

    byte[] soFar() {
        return bytes.toByteArray();
    }
}
