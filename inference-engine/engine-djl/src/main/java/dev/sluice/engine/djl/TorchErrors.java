// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.EngineException;
import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** libtorch's failures in our terms: of a traceback through the model's source, the one line that says what was wrong. */
final class TorchErrors {
    /**
     * The line that ends a traceback: {@code RuntimeError: mat1 and mat2 shapes cannot be multiplied}, {@code builtins.KeyError: }.
     * Where one exception was raised out of another's, the last is the cause.
     */
    private static final Pattern RAISED =
            Pattern.compile("^(?:[\\w.]*\\.)?(\\w*(?:Error|Exception)):? *(.*)$", Pattern.MULTILINE);

    private static final Pattern OUT_OF_MEMORY = Pattern.compile(
            "can't allocate memory|not enough memory|out of memory|bad_alloc", Pattern.CASE_INSENSITIVE);

    private static final Pattern NO_OPERATOR = Pattern.compile("Unknown builtin op: ([\\w:]+)");

    /** What a kernel on a card says once it has failed: from then on nothing works on that card. */
    private static final Pattern CARD_LOST = Pattern.compile("CUDA error: (.+)");

    /**
     * Words by which libtorch's operators speak of arguments that do not fit. TorchScript declares no shapes, so what the
     * client sent is found wrong only here; telling it from a fault of the model's own is a guess, and a wrong guess costs a
     * status code, not an answer.
     */
    private static final Pattern ARGUMENTS = Pattern.compile(
            "shape|size|dimension|\\bdim\\b|dtype|scalar type|data type|tensor of type|channels|argument|out of range|out of bounds",
            Pattern.CASE_INSENSITIVE);

    private TorchErrors() {}

    static ServingException whileLoading(Path path, EngineException failure) {
        String file = String.valueOf(path.getFileName());
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to load " + file, failure);
        }
        Matcher operator = NO_OPERATOR.matcher(reason);
        if (operator.find()) {
            return new ServingException(
                    ErrorCode.INVALID_MODEL,
                    file + " uses the operator " + operator.group(1)
                            + ", which PyTorch itself does not have (expected: the library it comes from, in the folder 'extra'"
                            + " of the engine pack)",
                    failure);
        }
        Optional<String> kind = TorchFile.whatElse(path);
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                file + " is " + kind.orElse("not a TorchScript model: " + reason)
                        + " (expected: a file written by torch.jit.save)",
                failure);
    }

    static ServingException whileRunning(EngineException failure) {
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input", failure);
        }
        return ARGUMENTS.matcher(reason).find() && !CARD_LOST.matcher(reason).find()
                ? new ServingException(ErrorCode.INVALID_INPUT, "The model refused the input: " + reason, failure)
                : new ServingException(ErrorCode.ENGINE_FAILED, "The model failed: " + reason, failure);
    }

    private static String reason(EngineException failure) {
        String message = String.valueOf(failure.getMessage());
        List<MatchResult> raised = RAISED.matcher(message).results().toList();
        String line = raised.isEmpty()
                ? message.lines().filter(text -> !text.isBlank()).findFirst().orElse("no reason given")
                : raised(raised.get(raised.size() - 1));
        int declaration = line.indexOf(" Declaration:"); // ends in the mangled name of the module's class
        return NativeMessage.clean(declaration < 0 ? line : line.substring(0, declaration));
    }

    /** What it says, or its class if it says nothing: {@code RuntimeError: AssertionError: } for one raised in the model. */
    private static String raised(MatchResult line) {
        String said = line.group(2).replaceFirst(":\\s*$", "");
        return said.isBlank() ? line.group(1) : said;
    }
}
