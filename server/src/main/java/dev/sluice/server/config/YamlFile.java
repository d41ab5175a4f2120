// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.yaml.SafeYaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code sluice.yaml}: one mapping from keys to values; lists mean the same as items with commas between. */
final class YamlFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private YamlFile() {}

    static Map<String, FileValue> read(Path file) {
        try {
            Map<String, Object> mapping = SafeYaml.read(file);
            List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
            Map<String, FileValue> values = new TreeMap<>();
            mapping.forEach((key, value) -> values.put(key, new FileValue(text(value), line(lines, key))));
            return values;
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "configuration file: " + file + " cannot be read", e);
        } catch (ServingException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "configuration file: " + file + " " + e.safeMessage(), e);
        }
    }

    /** The line on which a key of the mapping stands; nothing where it stands behind others. */
    private static Optional<Integer> line(List<String> lines, String key) {
        Pattern form = Pattern.compile("(['\"]?)" + Pattern.quote(key) + "\\1\\s*:.*");
        return IntStream.range(0, lines.size())
                .filter(index -> form.matcher(lines.get(index)).matches())
                .mapToObj(index -> index + 1)
                .findFirst();
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
