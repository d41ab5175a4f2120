// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** The rules for one entry's name by itself; {@link EntryLedger} adds the rules between names. */
final class EntryNames {
    /** What the file systems of every platform we know can hold. */
    private static final int LONGEST_COMPONENT_BYTES = 255;

    private static final Pattern DRIVE = Pattern.compile("^[A-Za-z]:.*", Pattern.DOTALL);

    private EntryNames() {}

    /**
     * {@code raw} without empty and {@code .} components.
     *
     * @return a relative name with {@code /} between its components; empty when only the root is meant
     * @throws ArchiveException if the name could mean something outside the archive, here or on another system
     */
    static String canonical(String raw, ArchiveLimits limits) {
        if (raw.length() > limits.nameLength()) {
            throw refused(raw, "has " + raw.length() + " characters (limit: " + limits.nameLength() + ")");
        }
        checkCharacters(raw);
        List<String> components = new ArrayList<>();
        for (String component : raw.split("/", -1)) {
            if (component.equals("..")) {
                throw refused(raw, "climbs out of its directory (expected: no \"..\")");
            }
            if (!component.isEmpty() && !component.equals(".")) {
                components.add(checkedComponent(raw, component));
            }
        }
        if (components.size() > limits.depth()) {
            throw refused(raw, "is " + components.size() + " levels deep (limit: " + limits.depth() + ")");
        }
        return String.join("/", components);
    }

    /** The key under which two names collide on a file system that ignores case or normalises accents. */
    static String folded(String canonical) {
        String composed = Normalizer.normalize(canonical, Normalizer.Form.NFC);
        return composed.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    static ArchiveException refused(String raw, String why) {
        return new ArchiveException("entry " + Quoted.of(raw) + " " + why);
    }

    private static void checkCharacters(String raw) {
        if (raw.isEmpty()) {
            throw refused(raw, "has no name");
        }
        if (raw.startsWith("/")) {
            throw refused(raw, "is an absolute name (expected: a name relative to the archive)");
        }
        if (raw.indexOf('\\') >= 0) {
            throw refused(raw, "has a backslash (expected: \"/\" between components)");
        }
        if (raw.chars().anyMatch(Character::isISOControl)) {
            throw refused(raw, "has a control character");
        }
    }

    private static String checkedComponent(String raw, String component) {
        if (DRIVE.matcher(component).matches()) {
            throw refused(raw, "has a drive letter (expected: a name relative to the archive)");
        }
        int bytes = component.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST_COMPONENT_BYTES) {
            throw refused(raw, "has a component of " + bytes + " bytes (limit: " + LONGEST_COMPONENT_BYTES + ")");
        }
        return component;
    }
}
