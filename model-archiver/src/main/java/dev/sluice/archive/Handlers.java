// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.util.Set;

/**
 * What a handler argument means: a built-in handler, or a file and perhaps a function in it.
 *
 * <p>Source: torchserve.md section 6.5; the names for {@code LSP} are the original archiver's,
 * {@code model_packaging_utils.py}.
 */
final class Handlers {
    /** The runtime whose handlers are shared libraries. */
    static final String NATIVE_RUNTIME = "LSP";

    private static final Set<String> PYTHON = Set.of(
            "base_handler",
            "text_classifier",
            "image_classifier",
            "object_detector",
            "image_segmenter",
            "dali_image_classifier",
            "vllm_handler",
            "trt_llm_handler");

    /** Those only Sluice has. A handler file of that name goes before, as it would with the original archiver. */
    private static final Set<String> OURS = Set.of(
            "text_generation", "token_classifier", "text_embedding", "question_answering", "stateful", "composite");

    private static final Set<String> NATIVE = Set.of("BaseHandler", "TorchScriptHandler");

    private Handlers() {}

    static boolean isBuiltIn(String handler, String runtime) {
        return (runtime.equals(NATIVE_RUNTIME) ? NATIVE : PYTHON).contains(handler);
    }

    /** Whether it is one that only Sluice has, unless there is a file of that name. */
    static boolean isOurs(String handler, String runtime) {
        return !runtime.equals(NATIVE_RUNTIME) && OURS.contains(handler);
    }

    /**
     * The file that holds the handler: a suffix is added unless it is there, and what follows a colon is the function. A
     * name such as {@code file.py:function} stays as it is and so names no file, as in the original.
     */
    static String file(String handler, String suffix) {
        if (handler.endsWith(suffix) || handler.contains(suffix + ":")) {
            return handler;
        }
        int colon = handler.indexOf(':', handler.lastIndexOf('/') + 1);
        return (colon < 0 ? handler : handler.substring(0, colon)) + suffix;
    }
}
