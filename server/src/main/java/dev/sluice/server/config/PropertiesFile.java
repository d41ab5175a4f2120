// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Java properties file in which {@code $$NAME$$} stands for an environment variable.
 *
 * <p>Source: torchserve.md section 5.1, "File syntax".
 */
final class PropertiesFile {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\$([^$]+)\\$\\$");

    private PropertiesFile() {}

    static Map<String, String> read(Path file, Map<String, String> environment) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "configuration file: " + file + " (expected: a readable properties file)",
                    e);
        }
        Map<String, String> values = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            values.put(key, expanded(key, properties.getProperty(key, ""), environment));
        }
        return values;
    }

    private static String expanded(String key, String value, Map<String, String> environment) {
        Matcher matcher = VARIABLE.matcher(value);
        StringBuilder result = new StringBuilder();
        while (matcher.find()) {
            String name = matcher.group(1);
            String replacement = environment.get(name);
            if (replacement == null) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        key + ": " + value + " (expected: the environment variable " + name + " to be set)");
            }
            matcher.appendReplacement(result, Matcher.quoteReplacement(replacement));
        }
        return matcher.appendTail(result).toString();
    }
}
