// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * The ends of a {@link CompositeGraph.Wire}: finds what it carries, and hands it on under another name. Bytes are not copied.
 *
 * <p><b>Ownership:</b> what is found stays its owner's; what is handed on has a count of its own.
 */
final class WireEnds {
    private WireEnds() {}

    /** @throws ServingException {@code INVALID_INPUT} if the request has no such input */
    static Input find(List<Input> inputs, CompositeGraph.Source source) {
        List<String> names = inputs.stream().map(Input::name).toList();
        return inputs.stream()
                .filter(input -> source.item().map(input.name()::equals).orElse(inputs.size() == 1))
                .findFirst()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_INPUT, "inputs: " + names + " (expected: " + wanted(source) + ")"));
    }

    /** @throws ServingException {@code ENGINE_FAILED} if the step gave no such output */
    static Output find(InferenceResponse result, CompositeGraph.Source source) {
        List<Output> outputs = result.outputs();
        List<String> names = outputs.stream().map(WireEnds::name).toList();
        return outputs.stream()
                .filter(output -> source.item().map(name(output)::equals).orElse(outputs.size() == 1))
                .findFirst()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.ENGINE_FAILED,
                        "outputs of step '" + source.step().orElse("") + "': " + names + " (expected: " + wanted(source)
                                + ")"));
    }

    private static String wanted(CompositeGraph.Source source) {
        Optional<String> item = source.item();
        return item.map(name -> "one named '" + name + "'").orElse("exactly one");
    }

    /** What an output is asked for by; content has no name of its own. */
    private static String name(Output output) {
        return output instanceof Output.OfTensor named ? named.tensor().name() : "content";
    }

    /** An input as an output of the request, so that wires begin alike. Takes no count. */
    static Output view(Input input) {
        if (input instanceof Input.OfTensor named) {
            return new Output.OfTensor(named.tensor());
        }
        Input.OfContent content = (Input.OfContent) input;
        return new Output.OfContent(content.contentType(), content.content());
    }

    static Output asOutput(Output found, String name) {
        if (found instanceof Output.OfTensor named) {
            return new Output.OfTensor(retained(named.tensor(), name));
        }
        Output.OfContent content = (Output.OfContent) found;
        return new Output.OfContent(content.contentType(), content.content().retain());
    }

    static Input asInput(Output found, String name) {
        Output own = asOutput(found, name);
        return own instanceof Output.OfContent content
                ? new Input.OfContent(name, content.contentType(), content.content())
                : new Input.OfTensor(((Output.OfTensor) own).tensor());
    }

    private static Tensor retained(Tensor tensor, String name) {
        return new Tensor(name, tensor.type(), tensor.shape(), tensor.data().retain());
    }

    /** Bytes all of {@code outputs} hold. */
    static long bytes(List<Output> outputs) {
        return outputs.stream()
                .mapToLong(output -> output instanceof Output.OfTensor named
                        ? named.tensor().data().size()
                        : ((Output.OfContent) output).content().size())
                .sum();
    }
}
