// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Java properties file, read line by line so that messages can say where something stands.
 *
 * <p>Source: torchserve.md section 5.1, "File syntax".
 */
final class PropertiesFile {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\$([^$]+)\\$\\$");

    private PropertiesFile() {}

    /** The settings of {@code file} with the lines they begin on; of several for one key the last. */
    static Map<String, FileValue> read(Path file) {
        try {
            return parse(lines(file));
        } catch (IOException | IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "configuration file: " + file + " (expected: a readable properties file)",
                    e);
        }
    }

    /** As UTF-8, or as such files were written before that was common. */
    private static List<String> lines(Path file) throws IOException {
        try {
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        }
    }

    private static Map<String, FileValue> parse(List<String> lines) throws IOException {
        Map<String, FileValue> values = new TreeMap<>();
        int number = 0;
        while (number < lines.size()) {
            int first = number + 1;
            StringBuilder logical = new StringBuilder(lines.get(number));
            while (!isComment(logical) && isContinued(lines.get(number)) && number + 1 < lines.size()) {
                number++;
                logical.append('\n').append(lines.get(number));
            }
            number++;
            Properties one = new Properties();
            one.load(new StringReader(logical.toString()));
            one.stringPropertyNames()
                    .forEach(key -> values.put(key, new FileValue(one.getProperty(key, ""), Optional.of(first))));
        }
        return values;
    }

    private static boolean isComment(CharSequence line) {
        String text = line.toString().stripLeading();
        return text.isEmpty() || text.charAt(0) == '#' || text.charAt(0) == '!';
    }

    /** Whether an odd number of backslashes ends it. */
    private static boolean isContinued(String line) {
        int end = line.length();
        while (end > 0 && line.charAt(end - 1) == '\\') {
            end--;
        }
        return (line.length() - end) % 2 == 1;
    }

    /**
     * {@code value} with each {@code $$NAME$$} replaced by that variable.
     *
     * @throws ServingException {@code INVALID_INPUT} if one is not set
     */
    static String expanded(String key, String value, Map<String, String> environment) {
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
