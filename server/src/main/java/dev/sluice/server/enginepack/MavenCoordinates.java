// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Name of a jar in every Maven repository.
 *
 * @param classifier empty for the main jar
 */
public record MavenCoordinates(String group, String artifact, String version, String classifier) {
    /** They end up in paths and addresses: no separators, no dots in front. */
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]*+(?:\\.[A-Za-z0-9_-]++)*+");

    public MavenCoordinates {
        for (String part : List.of(group, artifact, version, classifier.isEmpty() ? version : classifier)) {
            if (!PART.matcher(part).matches()) {
                throw refused(String.join(":", group, artifact, version, classifier));
            }
        }
    }

    /**
     * Reads {@code group:artifact:version[:classifier]}.
     *
     * @throws ServingException {@code INVALID_INPUT} if {@code text} is something else
     */
    public static MavenCoordinates parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length < 3 || parts.length > 4) {
            throw refused(text);
        }
        return new MavenCoordinates(parts[0], parts[1], parts[2], parts.length == 4 ? parts[3] : "");
    }

    private static ServingException refused(String text) {
        return new ServingException(
                ErrorCode.INVALID_INPUT, "coordinates: " + text + " (expected: group:artifact:version[:classifier])");
    }

    /** Where a repository has it, below its root, with {@code /} between the folders. */
    public String path() {
        return group.replace('.', '/') + "/" + artifact + "/" + version + "/" + fileName();
    }

    /** What the jar is called. */
    public String fileName() {
        return artifact + "-" + version + (classifier.isEmpty() ? "" : "-" + classifier) + ".jar";
    }

    @Override
    public String toString() {
        return group + ":" + artifact + ":" + version + (classifier.isEmpty() ? "" : ":" + classifier);
    }
}
