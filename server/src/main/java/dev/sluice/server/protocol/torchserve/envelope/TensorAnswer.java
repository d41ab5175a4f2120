// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.StringJoiner;

/**
 * The {@code outputs} of an answer of the Open Inference protocol in JSON. Tensors are as the model named them; several answers to one
 * list of texts are put one below the other. What a handler wrote is text, one element for each answer, under the name of the input.
 */
final class TensorAnswer {
    private TensorAnswer() {}

    /** The answers stay the caller's. */
    static String of(List<InferenceResponse> answers, List<String> inputs) {
        StringJoiner outputs = new StringJoiner(", ");
        int count = answers.get(0).outputs().size();
        for (int output = 0; output < count; output++) {
            outputs.add(output(answers, output, count, inputs.get(Math.min(output, inputs.size() - 1))));
        }
        return outputs.toString();
    }

    private static String output(List<InferenceResponse> answers, int output, int count, String input) {
        List<Tensor> tensors = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (InferenceResponse answer : answers) {
            if (answer.outputs().size() != count) {
                throw unlike();
            }
            if (answer.outputs().get(output) instanceof Output.OfContent content) {
                texts.add(text(content.content().toByteArray()));
            } else {
                tensors.add(((Output.OfTensor) answer.outputs().get(output)).tensor());
            }
        }
        if (tensors.isEmpty()) {
            return object(input, "BYTES", "[" + answers.size() + "]", "[" + String.join(", ", texts) + "]");
        }
        if (!texts.isEmpty()) {
            throw unlike();
        }
        return ofTensors(tensors);
    }

    private static String text(byte[] bytes) {
        return AnswerJson.quoted(
                AnswerJson.text(bytes).orElseGet(() -> Base64.getEncoder().encodeToString(bytes)));
    }

    private static String ofTensors(List<Tensor> tensors) {
        Tensor first = tensors.get(0);
        if (tensors.size() == 1) {
            return object(first.name(), first.type().name(), first.shape().toString(), TensorText.flat(first));
        }
        long rows = 0;
        StringJoiner data = new StringJoiner(", ", "[", "]");
        for (Tensor tensor : tensors) {
            if (tensor.type() != first.type()
                    || tensor.shape().rank() == 0
                    || first.shape().rank() == 0
                    || !tensor.shape().row().equals(first.shape().row())) {
                throw unlike();
            }
            rows += tensor.shape().dimension(0);
            String list = TensorText.flat(tensor);
            if (list.length() > 2) {
                data.add(list.substring(1, list.length() - 1));
            }
        }
        return object(
                first.name(),
                first.type().name(),
                first.shape().withOutermost(rows).toString(),
                data.toString());
    }

    private static String object(String name, String type, String shape, String data) {
        return "{\"name\": " + AnswerJson.quoted(name) + ", \"datatype\": \"" + type + "\", \"shape\": " + shape
                + ", \"data\": " + data + "}";
    }

    private static ServingException unlike() {
        return new ServingException(
                ErrorCode.ENGINE_FAILED, "Answers to the texts of one request differ in form (expected: alike)");
    }
}
