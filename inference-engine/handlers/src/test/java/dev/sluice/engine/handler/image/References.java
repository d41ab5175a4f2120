// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Objects;

/** What Pillow made of the files beside it; written by {@code src/test/python/make_references.py}. */
final class References {
    private References() {}

    static JsonNode all() {
        try {
            return new ObjectMapper().readTree(file("references.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] file(String name) {
        try (InputStream in = Objects.requireNonNull(References.class.getResourceAsStream("/images/" + name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(JsonNode base64) {
        return Base64.getDecoder().decode(base64.asText());
    }
}
