// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.Setting;
import java.util.List;
import java.util.regex.Pattern;

/** Settings as a {@code sluice.yaml}. */
final class YamlText {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What YAML reads as what it says. */
    private static final Pattern PLAIN =
            Pattern.compile("true|false|0|[1-9][0-9]{0,14}|/[\\w./-]*|https?://[\\w.:/-]+");

    private YamlText() {}

    static String of(List<Setting> settings) {
        StringBuilder text = new StringBuilder("# Made by sluice migrate torchserve.\n");
        for (Setting setting : settings) {
            ConfigKey key = setting.key();
            if (key.isSecret()) {
                text.append("# ")
                        .append(key.key())
                        .append(": give it as the variable SLUICE_")
                        .append(key.name());
            } else {
                text.append(key.key()).append(": ").append(value(setting));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String value(Setting setting) {
        String value = setting.value().strip();
        try {
            if (setting.key().kind() == ConfigKey.Kind.JSON) {
                // JSON is YAML.
                return JSON.writeValueAsString(JSON.readTree(value));
            }
            return PLAIN.matcher(value).matches() ? value : JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, setting.key().key() + " is no JSON", e);
        }
    }
}
