// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import com.google.gson.JsonElement;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads single values of a parsed file without complaint where they are of another kind. */
final class Json {
    private Json() {}

    /** {@code value} if it is a whole number that fits. */
    static OptionalInt number(@Nullable JsonElement value) {
        if (value == null
                || !value.isJsonPrimitive()
                || !value.getAsJsonPrimitive().isNumber()) {
            return OptionalInt.empty();
        }
        double number = value.getAsDouble();
        return number == (int) number ? OptionalInt.of((int) number) : OptionalInt.empty();
    }

    /** {@code value} if it is text. */
    static Optional<String> text(@Nullable JsonElement value) {
        return value != null
                        && value.isJsonPrimitive()
                        && value.getAsJsonPrimitive().isString()
                ? Optional.of(value.getAsString())
                : Optional.empty();
    }
}
