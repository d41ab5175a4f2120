// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a module's {@code forward} takes its tensors. */
enum InputStyle {
    /** One argument each, in the order they come; arguments with defaults may be left out from the end. */
    POSITIONAL,
    /** All in one {@code List[Tensor]}. */
    LIST,
    /** All in one {@code Dict[str, Tensor]}, by the names they come under. */
    DICT,
    /** All in one tuple. */
    TUPLE;

    private static final String BLOCK = "sluice";
    private static final String KEY = "inputs";

    /**
     * What the operator chose, or else what the module declares.
     *
     * @param options of the model
     * @throws ServingException {@code INVALID_MODEL} if that is no style
     */
    static InputStyle of(Map<String, Object> options, ForwardDeclaration declaration) {
        @Nullable Object chosen = options.get(BLOCK) instanceof Map<?, ?> block ? block.get(KEY) : null;
        if (chosen == null) {
            return declaration.style();
        }
        return Arrays.stream(values())
                .filter(style -> style.key().equals(chosen))
                .findFirst()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        BLOCK + "." + KEY + ": " + chosen + " (expected: one of "
                                + Arrays.stream(values()).map(InputStyle::key).collect(Collectors.joining(", "))
                                + ")"));
    }

    private String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
