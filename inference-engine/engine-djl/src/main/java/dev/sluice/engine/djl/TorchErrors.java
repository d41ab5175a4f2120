// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.EngineException;
import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** libtorch's failures in our terms: of a traceback through the model's source, the one line that says what was wrong. */
final class TorchErrors {
    /** The line that ends a traceback: {@code RuntimeError: mat1 and mat2 shapes cannot be multiplied}. */
    private static final Pattern RAISED = Pattern.compile("^[\\w.]*(?:Error|Exception): (.+)$", Pattern.MULTILINE);

    private static final Pattern OUT_OF_MEMORY =
            Pattern.compile("can't allocate memory|not enough memory|bad_alloc", Pattern.CASE_INSENSITIVE);

    /**
     * Words by which libtorch's operators speak of arguments that do not fit. TorchScript declares no shapes, so what the
     * client sent is found wrong only here; telling it from a fault of the model's own is a guess, and a wrong guess costs a
     * status code, not an answer.
     */
    private static final Pattern ARGUMENTS = Pattern.compile(
            "shape|size|dimension|\\bdim\\b|dtype|scalar type|data type|tensor of type|channels|argument|out of range|out of bounds",
            Pattern.CASE_INSENSITIVE);

    private TorchErrors() {}

    static ServingException whileLoading(String file, EngineException failure) {
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to load " + file, failure);
        }
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                file + " is not a TorchScript model: " + reason + " (expected: a file written by torch.jit.save)",
                failure);
    }

    static ServingException whileRunning(EngineException failure) {
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input", failure);
        }
        return ARGUMENTS.matcher(reason).find()
                ? new ServingException(ErrorCode.INVALID_INPUT, "The model refused the input: " + reason, failure)
                : new ServingException(ErrorCode.ENGINE_FAILED, "The model failed: " + reason, failure);
    }

    private static String reason(EngineException failure) {
        String message = String.valueOf(failure.getMessage());
        Matcher raised = RAISED.matcher(message);
        List<String> lines = raised.results().map(match -> match.group(1)).toList();
        String line = lines.isEmpty()
                ? message.lines().filter(text -> !text.isBlank()).findFirst().orElse("no reason given")
                : lines.get(lines.size() - 1);
        int declaration = line.indexOf(" Declaration:"); // ends in the mangled name of the module's class
        return NativeMessage.clean(declaration < 0 ? line : line.substring(0, declaration));
    }
}
