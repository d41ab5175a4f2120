// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.SignatureCheck;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The codec of {@code base_handler}. Tensors in, tensors out, by name. Of content, one row: a nested JSON list for the only input;
 * an object with one such list for each input, by name; or one part for each input, by name. A list is answered by a list, of
 * several outputs by a list of lists in the model's order, as Python writes a tuple; an object by an object with the outputs' names.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/base_handler.py}. The original hands the batch over as it came, which only
 * works for subclasses that make a tensor of it first; objects and parts are ours.
 */
final class BaseCodec implements RowCodec {
    private final Signature signature;
    private final List<InputReader> readers;
    /** Of a model that declares nothing. */
    private final InputReader any;

    /** @param signature what the model takes; without one, numbers are FP32 in any shape */
    BaseCodec(Signature signature, BufferAllocator allocator) {
        this.signature = signature;
        this.readers = signature.inputs().stream()
                .map(input -> new InputReader(Optional.of(input), allocator))
                .toList();
        this.any = new InputReader(Optional.empty(), allocator);
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        if (isOfTensors(request)) {
            return ofTensors(request);
        }
        if (readers.size() > 1 && isPartForEach(request)) {
            return ofParts(request);
        }
        RequestBody body = RequestBody.of(request);
        if (isObject(body)) {
            return ofObject(body);
        }
        if (readers.size() > 1) {
            throw invalid("input '" + body.name() + "': one value for " + readers.size()
                    + " inputs (expected: a JSON object or a part for each of " + SignatureCheck.listed(signature)
                    + ")");
        }
        return List.of(reader(0).read(body));
    }

    private InputReader reader(int input) {
        return signature.isDeclared() ? readers.get(input) : any;
    }

    private static boolean isOfTensors(InferenceRequest request) {
        for (Input input : request.inputs()) {
            if (!(input instanceof Input.OfTensor)) {
                return false;
            }
        }
        return !request.inputs().isEmpty();
    }

    private List<Rows> ofTensors(InferenceRequest request) {
        if (!signature.outputs().isEmpty()) {
            OutputSlice.requireAmong(
                    signature.outputs().stream().map(TensorSpec::name).toList(), request.wantedOutputs());
        }
        List<Tensor> sent = new ArrayList<>();
        for (Input input : request.inputs()) {
            sent.add(((Input.OfTensor) input).tensor());
        }
        List<Tensor> ordered = SignatureCheck.inDeclaredOrder(signature, sent);
        long rows =
                ordered.get(0).shape().rank() == 0 ? 0 : ordered.get(0).shape().dimension(0);
        for (Tensor tensor : ordered) {
            if (tensor.shape().rank() > 0 && tensor.shape().dimension(0) != rows) {
                throw invalid("input '" + tensor.name() + "': " + tensor.type() + " " + tensor.shape() + " (expected: "
                        + rows + " rows, as '" + ordered.get(0).name() + "' has)");
            }
        }
        if (rows > 1 && ordered.stream().allMatch(tensor -> tensor.shape().elementCount() == 0)) {
            // Bytes bound the rows of a request, and what the model makes of each; here there are none.
            throw invalid("inputs: " + rows + " rows with nothing in them (expected: one such row at most)");
        }
        return Owned.collect(ordered.size(), i -> reader(i).read(ordered.get(i)));
    }

    /** Whether the body names inputs. What is sent to an input of texts, and not as JSON, is a text whatever it begins with. */
    private boolean isObject(RequestBody body) {
        boolean isText = readers.size() == 1 && readers.get(0).takesText(body);
        return !body.isBinary() && !isText && body.startsWith('{');
    }

    private boolean isPartForEach(InferenceRequest request) {
        List<String> names = request.inputs().stream().map(Input::name).toList();
        return signature.inputs().stream().map(TensorSpec::name).anyMatch(names::contains);
    }

    private List<Rows> ofParts(InferenceRequest request) {
        Map<String, RequestBody> parts = new LinkedHashMap<>();
        for (Input input : request.inputs()) {
            if (input instanceof Input.OfContent content
                    && parts.put(content.name(), RequestBody.of(content)) != null) {
                throw invalid("input '" + content.name() + "': there 2 times (expected: once)");
            }
        }
        return ofNamed(parts);
    }

    private List<Rows> ofObject(RequestBody body) {
        Map<String, byte[]> members = NamedLists.parse(body, name -> {
            if (signature.isDeclared()) {
                SignatureCheck.requireDeclared(signature, name);
            }
        });
        Map<String, RequestBody> parts = new LinkedHashMap<>();
        members.forEach((name, json) -> parts.put(name, RequestBody.json(name, DataBuffer.wrap(json))));
        return ofNamed(parts);
    }

    private List<Rows> ofNamed(Map<String, RequestBody> parts) {
        if (!signature.isDeclared()) {
            if (parts.isEmpty()) {
                throw invalid("inputs: none (expected: one or more)");
            }
            List<RequestBody> inOrder = List.copyOf(parts.values());
            return Owned.collect(inOrder.size(), i -> any.read(inOrder.get(i)));
        }
        parts.keySet().forEach(name -> SignatureCheck.requireDeclared(signature, name));
        List<TensorSpec> wanted = signature.inputs();
        return Owned.collect(wanted.size(), i -> {
            RequestBody part = parts.get(wanted.get(i).name());
            if (part == null) {
                throw SignatureCheck.missing(wanted.get(i));
            }
            return readers.get(i).read(part);
        });
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        if (isOfTensors(request)) {
            return outputs.tensors(request.wantedOutputs(), allocator);
        }
        return List.of(Output.OfContent.copy("", json(request, outputs), allocator));
    }

    private byte[] json(InferenceRequest request, OutputSlice outputs) {
        if (readers.size() > 1 && isPartForEach(request)) {
            return PythonJson.nested(outputs.names(), outputs.all());
        }
        RequestBody body = RequestBody.of(request);
        if (isObject(body)) {
            return PythonJson.nested(outputs.names(), outputs.all());
        }
        return text(outputs.all());
    }

    /** One output as nested lists, several as a list of them. */
    static byte[] text(List<OutputRow> outputs) {
        return outputs.size() == 1 ? PythonJson.nested(outputs.get(0)) : PythonJson.nested(outputs);
    }

    @Override
    public List<Rows> sample() {
        return readers.stream().flatMap(reader -> reader.sample().stream()).toList();
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
