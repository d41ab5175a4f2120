// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.yaml.SafeYaml;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@code sluice.yaml}: one mapping from keys to values; lists mean the same as items with commas between. */
final class YamlFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private YamlFile() {}

    static Map<String, String> read(Path file) {
        try {
            Map<String, String> values = new TreeMap<>();
            SafeYaml.read(file).forEach((key, value) -> values.put(key, text(value)));
            return values;
        } catch (ServingException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "configuration file: " + file + " " + e.safeMessage(), e);
        }
    }

    private static String text(Object value) {
        if (value instanceof List<?> list) {
            return list.stream().map(YamlFile::text).collect(Collectors.joining(","));
        }
        if (!(value instanceof Map)) {
            return String.valueOf(value);
        }
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "has a value that cannot be read", e);
        }
    }
}
