// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A {@code tokenizer.json} that the native library may be given. That library ends the whole process where it panics, and it panics on
 * a file that is cut short, so what it is to parse is parsed here first, by rules no wider than its own; and what it takes on trust is
 * looked up by {@link TemplateCheck}.
 *
 * @param text the whole file
 * @param maxLength tokens to which the file itself cuts texts
 * @param padId number of the token that fills rows up, 0 if there is none
 * @param unknownId number of the token for what is in no vocabulary
 */
record TokenizerFile(String text, OptionalInt maxLength, int padId, OptionalInt unknownId) {
    private static final String NAME = "tokenizer.json";
    private static final long MOST_BYTES = 256L << 20;

    /** @throws ServingException {@code INVALID_MODEL} if it is not such a file */
    static TokenizerFile read(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw invalid(Files.size(file) + " bytes (expected: at most " + MOST_BYTES + ")");
            }
            return of(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw invalid("not UTF-8 (expected: JSON in UTF-8)");
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, NAME + ": cannot be read", e);
        }
    }

    /** @throws ServingException {@code INVALID_MODEL} if it is not what such a file holds */
    static TokenizerFile of(String text) {
        JsonCheck.check(NAME, text);
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                throw invalid(reader.peek() + " (expected: an object)");
            }
            return facts(text, reader);
        } catch (IOException | IllegalStateException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, NAME + ": cannot be read", e);
        }
    }

    private static TokenizerFile facts(String text, JsonReader reader) throws IOException {
        JsonObject parts = new JsonObject();
        JsonObject model = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (name.equals("model") && reader.peek() == JsonToken.BEGIN_OBJECT) {
                readModel(reader, model);
            } else {
                parts.add(name, JsonParser.parseReader(reader));
            }
        }
        TemplateCheck.check(NAME, parts.get("post_processor"));
        return new TokenizerFile(
                text, number(parts, "truncation", "max_length"), padId(parts), unknown(text, parts, model));
    }

    /** All but the vocabulary, which may be large. */
    private static void readModel(JsonReader reader, JsonObject model) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (name.startsWith("unk_")) {
                model.add(name, JsonParser.parseReader(reader));
            } else {
                reader.skipValue();
            }
        }
        reader.endObject();
    }

    private static int padId(JsonObject parts) {
        OptionalInt declared = number(parts, "padding", "pad_id");
        if (declared.isPresent()) {
            return declared.getAsInt();
        }
        OptionalInt bert = added(parts, "[PAD]");
        return bert.isPresent() ? bert.getAsInt() : added(parts, "<pad>").orElse(0);
    }

    /** Unigram vocabularies name it by number, the others as text. */
    private static OptionalInt unknown(String text, JsonObject parts, JsonObject model) throws IOException {
        OptionalInt number = Json.number(model.get("unk_id"));
        Optional<String> token = Json.text(model.get("unk_token"));
        if (number.isPresent() || token.isEmpty()) {
            return number;
        }
        OptionalInt added = added(parts, token.get());
        return added.isPresent() ? added : inVocabulary(text, token.get());
    }

    private static OptionalInt inVocabulary(String text, String token) throws IOException {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            if (!enter(reader, "model") || !enter(reader, "vocab")) {
                return OptionalInt.empty();
            }
            reader.beginObject();
            while (reader.hasNext()) {
                if (reader.nextName().equals(token) && reader.peek() == JsonToken.NUMBER) {
                    return OptionalInt.of(reader.nextInt());
                }
                reader.skipValue();
            }
            return OptionalInt.empty();
        }
    }

    /** Whether the object that comes next has an object called {@code name}, which then comes next. */
    private static boolean enter(JsonReader reader, String name) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            if (reader.nextName().equals(name)) {
                return reader.peek() == JsonToken.BEGIN_OBJECT;
            }
            reader.skipValue();
        }
        return false;
    }

    private static OptionalInt number(JsonObject parts, String part, String key) {
        return parts.get(part) instanceof JsonObject object ? Json.number(object.get(key)) : OptionalInt.empty();
    }

    private static OptionalInt added(JsonObject parts, String content) {
        if (parts.get("added_tokens") instanceof JsonArray tokens) {
            for (JsonElement token : tokens) {
                if (token instanceof JsonObject object
                        && Json.text(object.get("content")).equals(Optional.of(content))) {
                    return Json.number(object.get("id"));
                }
            }
        }
        return OptionalInt.empty();
    }

    private static ServingException invalid(String problem) {
        return new ServingException(ErrorCode.INVALID_MODEL, NAME + ": " + problem);
    }
}
