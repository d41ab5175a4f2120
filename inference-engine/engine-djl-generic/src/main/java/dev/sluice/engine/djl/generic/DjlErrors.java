// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.regex.Pattern;

/**
 * Failures of whatever engine it is, in our terms. Each words them in its own way, so that whose fault one is stays a guess: what an
 * engine says of arguments is taken to be the client's.
 */
final class DjlErrors {
    private static final Pattern OUT_OF_MEMORY =
            Pattern.compile("allocate memory|not enough memory|out of memory|bad_?\\s?alloc", Pattern.CASE_INSENSITIVE);

    private static final Pattern ARGUMENTS = Pattern.compile(
            "shape|size|dimension|rank|\\btype\\b|argument|mismatch|out of range|out of bounds|input",
            Pattern.CASE_INSENSITIVE);

    /** Names of classes, which say nothing to a client. */
    private static final Pattern CLASSES = Pattern.compile("\\b(?:[a-z]\\w*\\.){2,}[A-Z]\\w*:?\\s*");

    private DjlErrors() {}

    static ServingException whileLoading(String file, String engine, Throwable failure) {
        String reason = reason(failure);
        return OUT_OF_MEMORY.matcher(reason).find()
                ? new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to load " + file, failure)
                : new ServingException(
                        ErrorCode.INVALID_MODEL,
                        file + " is not a model DJL's engine " + engine + " can run: " + reason,
                        failure);
    }

    static ServingException whileRunning(Throwable failure) {
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input", failure);
        }
        return ARGUMENTS.matcher(reason).find()
                ? new ServingException(ErrorCode.INVALID_INPUT, "The model refused the input: " + reason, failure)
                : new ServingException(ErrorCode.ENGINE_FAILED, "The model failed: " + reason, failure);
    }

    /** What the innermost of the exceptions that say something says. */
    private static String reason(Throwable failure) {
        String reason = "no reason given by " + failure.getClass().getSimpleName();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            reason = message == null || message.isBlank() ? reason : message;
        }
        return NativeMessage.clean(CLASSES.matcher(reason).replaceAll(""));
    }
}
