// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The {@code models} key: {@code {"name": {"version": {"batchSize": 8}}}}.
 *
 * <p>Source: torchserve.md section 5.5.
 */
final class ModelDefaultsJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<Map<String, Map<String, Map<String, Object>>>> SHAPE = new TypeReference<>() {};

    private ModelDefaultsJson() {}

    static Map<String, Map<String, Map<String, Object>>> read(Setting setting) {
        if (setting.value().isBlank()) {
            return Map.of();
        }
        try {
            Map<String, Map<String, Map<String, Object>>> parsed = JSON.readValue(setting.value(), SHAPE);
            Map<String, Map<String, Map<String, Object>>> models = new LinkedHashMap<>();
            parsed.forEach((model, versions) -> models.put(model, Collections.unmodifiableMap(versions)));
            return Collections.unmodifiableMap(models);
        } catch (JsonProcessingException | NullPointerException e) {
            throw setting.refused("JSON like {\"model\": {\"1.0\": {\"batchSize\": 8}}}");
        }
    }
}
