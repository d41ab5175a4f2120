// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Names of a model's classes, from {@code index_to_name.json} beside its weights. A class the file does not name, or all of
 * them without a file, is called by its number.
 *
 * <p>Source: pytorch/serve {@code ts/utils/util.py}, {@code load_label_mapping}. The original fails the request on a class
 * without a name.
 */
final class ClassLabels {
    private static final String FILE = "index_to_name.json";
    /** The older form: a list of names under this key. */
    private static final String NAMES = "object_type_names";

    private final Map<String, String> names;

    private ClassLabels(Map<String, String> names) {
        this.names = Map.copyOf(names);
    }

    /** @throws ServingException {@code INVALID_MODEL} if the file is there but of none of the known forms */
    static ClassLabels load(ModelFiles files) {
        Path file = files.root().resolve(FILE);
        if (!Files.exists(file)) {
            return new ClassLabels(Map.of());
        }
        try {
            return new ClassLabels(names(new ObjectMapper().readTree(Files.readAllBytes(file))));
        } catch (JsonProcessingException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    FILE + ": not JSON at line " + e.getLocation().getLineNr() + " (expected: an object)",
                    e);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, FILE + ": cannot be read", e);
        }
    }

    /** What class {@code index} is called in an answer. */
    String label(int index) {
        String number = Integer.toString(index);
        return names.getOrDefault(number, number);
    }

    private static Map<String, String> names(JsonNode json) {
        if (!json.isObject()) {
            throw invalid(json.getNodeType() + " (expected: an object of class numbers and names)");
        }
        Map<String, String> names = new LinkedHashMap<>();
        if (json.path(NAMES).isArray()) {
            for (JsonNode name : json.path(NAMES)) {
                String index = Integer.toString(names.size());
                names.put(index, name(NAMES + "[" + index + "]", name));
            }
            return names;
        }
        for (Iterator<String> keys = json.fieldNames(); keys.hasNext(); ) {
            String key = keys.next();
            JsonNode value = json.path(key);
            // ImageNet's file has [synset, name].
            boolean isList = value.isArray() && !value.isEmpty();
            names.put(key, name(key, isList ? value.get(value.size() - 1) : value));
        }
        return names;
    }

    private static String name(String key, JsonNode value) {
        if (!value.isTextual()) {
            throw invalid(key + ": " + value.getNodeType() + " (expected: a name, or a list that ends with one)");
        }
        return value.textValue();
    }

    private static ServingException invalid(String problem) {
        return new ServingException(ErrorCode.INVALID_MODEL, FILE + ": " + problem);
    }
}
