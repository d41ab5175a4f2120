// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.regex.Pattern;

/** ONNX Runtime's failures in our terms. */
final class OnnxErrors {
    /** What the binding, and then the runtime, put in front of the reason; the second part holds the model's path. */
    private static final Pattern PREFIX =
            Pattern.compile("^Error code - \\w+ - message: (?:Load model from .*? failed:\\s*)?", Pattern.DOTALL);

    private static final Pattern OUT_OF_MEMORY =
            Pattern.compile("Failed to allocate memory|bad_?\\s?alloc|out of memory", Pattern.CASE_INSENSITIVE);

    private OnnxErrors() {}

    /** Whether the call failed for no other reason than that an output is not as large as the memory it was given. */
    static boolean isWrongShapeOfPinned(OrtException failure) {
        // The code is shared with every other bad argument; a test fails should the runtime word this differently one
        // day.
        return failure.getCode() == OrtException.OrtErrorCode.ORT_INVALID_ARGUMENT
                && String.valueOf(failure.getMessage()).contains("The output OrtValue provided for output");
    }

    static ServingException whileLoading(String file, OrtException failure) {
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to load " + file, failure);
        }
        // The runtime says FAIL to unknown operators, opsets of the future and types that do not fit: the file's fault.
        return switch (failure.getCode()) {
            case ORT_FAIL,
                    ORT_INVALID_ARGUMENT,
                    ORT_NO_SUCHFILE,
                    ORT_NO_MODEL,
                    ORT_INVALID_PROTOBUF,
                    ORT_NOT_IMPLEMENTED,
                    ORT_INVALID_GRAPH,
                    ORT_NOT_FOUND ->
                new ServingException(
                        ErrorCode.INVALID_MODEL, file + " is not a model ONNX Runtime can run: " + reason, failure);
            default ->
                new ServingException(
                        ErrorCode.LOAD_FAILED, "ONNX Runtime failed to load " + file + ": " + reason, failure);
        };
    }

    static ServingException whileRunning(OrtException failure) {
        String reason = reason(failure);
        if (OUT_OF_MEMORY.matcher(reason).find()) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input", failure);
        }
        return failure.getCode() == OrtException.OrtErrorCode.ORT_INVALID_ARGUMENT
                ? new ServingException(ErrorCode.INVALID_INPUT, "The model refused the input: " + reason, failure)
                : new ServingException(ErrorCode.ENGINE_FAILED, "The model failed: " + reason, failure);
    }

    private static String reason(OrtException failure) {
        return NativeMessage.clean(withoutPrefix(String.valueOf(failure.getMessage())));
    }

    /** {@code message} without what the binding puts in front of the reason. */
    static String withoutPrefix(String message) {
        return PREFIX.matcher(message).replaceFirst("");
    }
}
