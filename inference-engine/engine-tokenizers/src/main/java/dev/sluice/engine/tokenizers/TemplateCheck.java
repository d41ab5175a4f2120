// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether a template names only special tokens that it declares: the native library looks them up without asking. */
final class TemplateCheck {
    private TemplateCheck() {}

    /**
     * @param name of the file, for messages
     * @param processor the file's {@code post_processor}; of another kind than known here, it is left to the library
     * @throws ServingException {@code INVALID_MODEL} if not
     */
    static void check(String name, @Nullable JsonElement processor) {
        if (!(processor instanceof JsonObject object)) {
            return;
        }
        if (object.get("processors") instanceof JsonArray processors) {
            processors.forEach(part -> check(name, part));
        }
        for (String template : List.of("single", "pair")) {
            if (object.get(template) instanceof JsonArray pieces) {
                pieces.forEach(piece -> checkPiece(name + ": post_processor." + template, piece, object));
            }
        }
    }

    private static void checkPiece(String where, JsonElement piece, JsonObject template) {
        if (!(piece instanceof JsonObject object) || !(object.get("SpecialToken") instanceof JsonObject special)) {
            return;
        }
        String id = Json.text(special.get("id")).orElse("");
        if (!(template.get("special_tokens") instanceof JsonObject declared)
                || !(declared.get(id) instanceof JsonObject token)) {
            throw invalid(where + ": '" + id + "' (expected: one of its special_tokens)");
        }
        if (!(token.get("ids") instanceof JsonArray ids)
                || !(token.get("tokens") instanceof JsonArray tokens)
                || ids.size() != tokens.size()) {
            throw invalid(where + ": '" + id + "' (expected: as many ids as tokens)");
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
