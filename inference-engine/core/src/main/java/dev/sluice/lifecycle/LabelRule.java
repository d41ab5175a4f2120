// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Says which labels may be given. Pure.
 *
 * <p>Source: tensorflow-serving.md section 4.5, rules L2 and L4.
 */
final class LabelRule {
    private LabelRule() {}

    /** @throws ServingException {@code FAILED_PRECONDITION} for the first label that may not be given, in their natural order */
    static void check(String model, ModelVersions versions, Map<String, String> wanted, boolean allowUnavailable) {
        new TreeMap<>(wanted).forEach((label, version) -> {
            ModelVersion target = versions.byVersion().get(version);
            boolean isReady = target != null && target.state().kind() == ModelState.Kind.READY;
            boolean stays = version.equals(versions.labels().getOrDefault(label, version));
            if (!isReady && !(allowUnavailable && stays)) {
                throw new ServingException(
                        ErrorCode.FAILED_PRECONDITION,
                        "Label: " + label + " of model: " + model + " for version: " + version
                                + " (expected: a version that is ready; it is " + where(target) + ")");
            }
        });
    }

    private static String where(@Nullable ModelVersion target) {
        return target == null ? "not there" : target.state().kind().name().toLowerCase(Locale.ROOT);
    }
}
