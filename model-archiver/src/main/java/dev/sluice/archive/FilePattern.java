// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * File name patterns as the original archiver reads them: {@code *}, {@code ?}, {@code [seq]} and {@code [!seq]} within
 * one path component, hidden files only when the component begins with a dot.
 *
 * <p>Source: Python's {@code glob} and {@code fnmatch} modules, without recursion.
 */
final class FilePattern {
    private FilePattern() {}

    static boolean isPattern(String path) {
        return path.contains("*") || path.contains("?") || (path.contains("[") && path.contains("]"));
    }

    /** What matches below {@code base}, sorted. */
    static List<Path> matches(Path base, String pattern) throws IOException {
        Path start = pattern.startsWith("/") ? base.resolve("/") : base;
        List<Path> found = List.of(start);
        for (String component : pattern.split("/", -1)) {
            if (!component.isEmpty()) {
                found = step(found, component);
            }
        }
        return found.stream().map(Path::normalize).sorted().toList();
    }

    private static List<Path> step(List<Path> directories, String component) throws IOException {
        List<Path> found = new ArrayList<>();
        Pattern regex = regex(component);
        for (Path directory : directories) {
            if (!isPattern(component)) {
                Path child = directory.resolve(component);
                if (Files.exists(child)) {
                    found.add(child);
                }
            } else if (Files.isDirectory(directory)) {
                try (Stream<Path> children = Files.list(directory)) {
                    children.filter(child -> matches(regex, component, child)).forEach(found::add);
                }
            }
        }
        return found;
    }

    private static boolean matches(Pattern regex, String component, Path child) {
        String name = String.valueOf(child.getFileName());
        return (component.startsWith(".") || !name.startsWith("."))
                && regex.matcher(name).matches();
    }

    private static Pattern regex(String component) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < component.length(); i++) {
            char c = component.charAt(i);
            int close = c == '[' ? closing(component, i) : -1;
            if (close > 0) {
                regex.append(set(component.substring(i + 1, close)));
                i = close;
            } else if (c == '*') {
                regex.append(".*");
            } else if (c == '?') {
                regex.append('.');
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    /** Where the set opened at {@code open} ends; its first character may be a bracket itself. -1 when it never ends. */
    private static int closing(String component, int open) {
        int first = component.startsWith("!", open + 1) ? open + 2 : open + 1;
        return component.indexOf(']', first + 1);
    }

    private static String set(String body) {
        boolean isNegated = body.startsWith("!");
        StringBuilder set = new StringBuilder(isNegated ? "[^" : "[");
        String members = isNegated ? body.substring(1) : body;
        for (int i = 0; i < members.length(); i++) {
            char c = members.charAt(i);
            if (c == '-' && i > 0 && i < members.length() - 1 && members.charAt(i - 1) <= members.charAt(i + 1)) {
                set.append('-');
            } else {
                set.append(Character.isLetterOrDigit(c) ? "" : "\\").append(c);
            }
        }
        return set.append(']').toString();
    }
}
