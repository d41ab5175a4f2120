// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Sounds and what becomes of them; written by {@code src/test/python/make_audio_references.py}. */
final class References {
    private static final String FILE = "/audio/references.json";

    private References() {}

    static Stream<JsonNode> of(String kind) {
        try (InputStream in = Objects.requireNonNull(References.class.getResourceAsStream(FILE), FILE)) {
            return StreamSupport.stream(
                    new ObjectMapper().readTree(in).path(kind).spliterator(), false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(JsonNode base64) {
        return Base64.getDecoder().decode(base64.asText());
    }

    static float[] floats(JsonNode numbers) {
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = numbers.get(i).floatValue();
        }
        return values;
    }
}
