// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files with a value or two changed are refused or work. A panic would end this process, and the test with it. */
class HostileFileTest {
    private static final int FILES = 300;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"wordpiece", "bpe", "unigram"})
    void survivesChangedFiles(String name) throws IOException {
        Random random = new Random(name.hashCode());
        Path log = folder.resolve("changed.json");
        int refused = 0;
        for (int i = 0; i < FILES; i++) {
            JsonObject json = JsonParser.parseString(References.text(name)).getAsJsonObject();
            for (int change = 0; change <= i % 2; change++) {
                change(json, random);
            }
            Files.writeString(log, json.toString());
            Files.writeString(Path.of("target", "last-changed-" + name + ".json"), json.toString());
            refused += isRefused(log) ? 1 : 0;
        }
        assertThat(refused).isBetween(1, FILES - 1);
    }

    private boolean isRefused(Path file) {
        TokenizerOptions options = TokenizerOptions.truncating(OptionalInt.of(12));
        try (Tokenizer tokenizer = new HuggingFaceProvider().open(file, options, References.settings(folder))) {
            for (String text : List.of("", "the bridge in lisbon", "a\uD83D\uDE00b cafe\u0301 \u4f60\u597d zzz")) {
                tokenizer.decode(tokenizer.encode(text).get(0).ids());
                tokenizer.encode(text, "why the coffee").get(0).size();
            }
            return false;
        } catch (ServingException expected) {
            return true;
        }
    }

    /** Half of the changes miss the vocabulary, which is most of a file. */
    private static void change(JsonObject json, Random random) {
        List<Runnable> changes = new ArrayList<>();
        boolean isVocabulary = random.nextBoolean();
        json.entrySet().stream()
                .filter(entry -> entry.getKey().equals("model") == isVocabulary)
                .forEach(entry -> collect(entry.getValue(), random, changes));
        changes.get(random.nextInt(changes.size())).run();
    }

    private static void collect(JsonElement element, Random random, List<Runnable> changes) {
        if (element instanceof JsonObject object) {
            for (String key : List.copyOf(object.keySet())) {
                changes.add(() -> object.add(key, value(random)));
                changes.add(() -> object.remove(key));
                collect(object.get(key), random, changes);
            }
        } else if (element instanceof JsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                int at = i;
                changes.add(() -> array.set(at, value(random)));
                changes.add(() -> array.remove(at));
                collect(array.get(i), random, changes);
            }
        }
    }

    private static JsonElement value(Random random) {
        return switch (random.nextInt(9)) {
            case 0 -> JsonNull.INSTANCE;
            case 1 -> new JsonPrimitive(-1);
            case 2 -> new JsonPrimitive(4_000_000_000L);
            case 3 -> new JsonPrimitive(0);
            case 4 -> new JsonPrimitive("");
            case 5 -> new JsonPrimitive("\uD83D\uDE00");
            case 6 -> new JsonPrimitive(true);
            case 7 -> new JsonArray();
            default -> new JsonObject();
        };
    }
}
