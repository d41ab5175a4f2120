// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.Tokens;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The tiny tokenizers, and what Python's {@code tokenizers} made of texts with them. */
final class References {
    private static final Path FOLDER =
            Path.of(System.getProperty("sluice.test.models")).resolve("text");

    private References() {}

    /** One text or pair. */
    record Case(
            String tokenizer,
            String first,
            Optional<String> second,
            TokenizerOptions options,
            List<JsonObject> windows) {
        List<Tokens> encode(Tokenizer tokenizer) {
            return second.isPresent() ? tokenizer.encode(first, second.get()) : tokenizer.encode(first);
        }
    }

    static Path file(String tokenizer) {
        return FOLDER.resolve(tokenizer + ".json");
    }

    static String text(String tokenizer) {
        try {
            return Files.readString(file(tokenizer));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static EngineSettings settings(Path cache) {
        Path natives = Path.of(System.getProperty("sluice.test.natives"));
        return new EngineSettings(Optional.of(natives), cache, 1, BufferAllocator.unpooled());
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (JsonElement element : JsonParser.parseString(text("tokens")).getAsJsonArray()) {
            JsonObject json = element.getAsJsonObject();
            TokenizerOptions options = new TokenizerOptions(number(json.get("maxLength")), number(json.get("overlap")));
            Optional<String> second = json.get("second").isJsonNull()
                    ? Optional.empty()
                    : Optional.of(json.get("second").getAsString());
            cases.add(new Case(
                    json.get("tokenizer").getAsString(),
                    json.get("first").getAsString(),
                    second,
                    options,
                    elements(json, "windows").map(JsonElement::getAsJsonObject).toList()));
        }
        return cases;
    }

    /** The same in one line, to be compared. */
    static String described(Tokens tokens) {
        return "ids"
                + List.of(
                        list(tokens.ids()),
                        list(tokens.types()),
                        list(tokens.attention()),
                        list(tokens.specials()),
                        list(tokens.sequences()),
                        list(tokens.words()),
                        list(tokens.starts()),
                        list(tokens.ends()),
                        tokens.pieces());
    }

    static String described(JsonObject window) {
        List<Object> parts = new ArrayList<>();
        for (String part : List.of("ids", "types", "attention", "specials", "sequences", "words", "starts", "ends")) {
            parts.add(elements(window, part).map(JsonElement::getAsInt).toList());
        }
        parts.add(elements(window, "pieces").map(JsonElement::getAsString).toList());
        return "ids" + parts;
    }

    private static List<Integer> list(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    private static Stream<JsonElement> elements(JsonObject json, String name) {
        JsonArray array = json.getAsJsonArray(name);
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static OptionalInt number(JsonElement value) {
        return value.isJsonNull() ? OptionalInt.empty() : OptionalInt.of(value.getAsInt());
    }
}
