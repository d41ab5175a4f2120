// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.regex.Pattern;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/** TensorFlow's failures in our terms. */
final class TensorFlowErrors {
    /** Names of nodes and functions, which mean nothing to who sent the input. */
    private static final Pattern NODES = Pattern.compile("\\[?\\[?\\{\\{[^}]*\\}\\}\\]?\\]?");

    private TensorFlowErrors() {}

    static boolean isOk(TF_Status status) {
        return tensorflow.TF_GetCode(status) == tensorflow.TF_OK;
    }

    /** Why {@code model} did not load. */
    static ServingException whileLoading(String model, TF_Status status) {
        String reason = reason(status);
        return switch (tensorflow.TF_GetCode(status)) {
            case tensorflow.TF_RESOURCE_EXHAUSTED ->
                new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to load " + model);
            case tensorflow.TF_INVALID_ARGUMENT,
                    tensorflow.TF_NOT_FOUND,
                    tensorflow.TF_DATA_LOSS,
                    tensorflow.TF_OUT_OF_RANGE,
                    tensorflow.TF_FAILED_PRECONDITION,
                    tensorflow.TF_UNIMPLEMENTED ->
                new ServingException(ErrorCode.INVALID_MODEL, model + " is not a model TensorFlow can run: " + reason);
            default ->
                new ServingException(ErrorCode.LOAD_FAILED, "TensorFlow failed to load " + model + ": " + reason);
        };
    }

    /** Why a call failed. */
    static ServingException whileRunning(TF_Status status) {
        return switch (tensorflow.TF_GetCode(status)) {
            case tensorflow.TF_RESOURCE_EXHAUSTED ->
                new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input");
            case tensorflow.TF_INVALID_ARGUMENT, tensorflow.TF_OUT_OF_RANGE ->
                new ServingException(ErrorCode.INVALID_INPUT, "The model refused the input: " + reason(status));
            default -> new ServingException(ErrorCode.ENGINE_FAILED, "The model failed: " + reason(status));
        };
    }

    private static String reason(TF_Status status) {
        String message =
                NODES.matcher(tensorflow.TF_Message(status).getString()).replaceAll("");
        String first = message.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .orElse("no reason given");
        return NativeMessage.clean(first);
    }
}
