// SPDX-License-Identifier: Apache-2.0
package dev.sluice.conformance;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/**
 * What a protocol's users rely on, row by row.
 *
 * @param rows in the order of their numbers
 */
public record Checklist(List<Line> rows) {
    public Checklist {
        rows = List.copyOf(rows);
    }

    /** How a row stands here. */
    public enum Result {
        /** As the original. */
        PASS,
        /** Its users can switch, and see something better; {@link Line#why} says what. */
        DIFFERS,
        /** Not there yet; {@link Line#why} says what is missing. */
        LATER
    }

    /**
     * One row.
     *
     * @param priority C for core, I for important, R for rare
     * @param check what a user does, and sees
     * @param why empty for {@link Result#PASS}, unless there is more to say
     */
    public record Line(int row, String feature, String priority, String check, Result result, String why) {}

    /** The list of that name in the module {@code api-spec}. */
    public static Checklist read(String name) {
        String file = "/checklist/" + name + ".json";
        try (InputStream in = Objects.requireNonNull(Checklist.class.getResourceAsStream(file), file)) {
            return new Checklist(new ObjectMapper().readValue(in, new TypeReference<List<Line>>() {}));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
