// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.SignatureCheck;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * One session: the graph, its weights and its memory arena. All instances run on it at once, which the runtime allows and
 * which costs one copy of the weights.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class OnnxModel implements TensorModel {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final HelperGraphs helpers;
    private final BufferAllocator allocator;
    private final Device device;
    private final List<Port> inputs;
    private final List<Port> outputs;
    private final List<OutputPlan> plans;
    private final Signature signature;
    private final AtomicBoolean closed = new AtomicBoolean();

    private OnnxModel(
            OrtEnvironment environment,
            OrtSession session,
            HelperGraphs helpers,
            BufferAllocator allocator,
            Device device)
            throws OrtException {
        this.environment = environment;
        this.session = session;
        this.helpers = helpers;
        this.allocator = allocator;
        this.device = device;
        try {
            this.inputs = ports(session.getInputInfo(), Port::input);
            this.outputs = ports(session.getOutputInfo(), Port::output);
        } catch (OrtException e) {
            if (e.getCode() == OrtException.OrtErrorCode.ORT_NOT_IMPLEMENTED) {
                throw new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "Model has an input or output of the kind 'optional' or 'opaque' (expected: tensors)",
                        e);
            }
            throw e;
        }
        this.plans =
                outputs.stream().map(output -> new OutputPlan(output, inputs)).toList();
        this.signature = new Signature(
                inputs.stream().map(Port::spec).toList(),
                outputs.stream().map(Port::spec).toList());
        loadHelpers();
    }

    private static List<Port> ports(Map<String, NodeInfo> nodes, Function<NodeInfo, Port> port) {
        return nodes.values().stream().map(port).toList();
    }

    private void loadHelpers() throws OrtException {
        for (Port input : inputs) {
            if (OnnxTypes.signed(input.spec().type()).isPresent()) {
                helpers.cast(input.spec().type());
            }
        }
        if (outputs.stream().anyMatch(output -> output.spec().type() == DataType.BYTES)) {
            helpers.sameTexts();
        }
    }

    /** A model on {@code session}, which it owns, and which is closed if it cannot be served. */
    static OnnxModel of(OrtEnvironment environment, OrtSession session, BufferAllocator allocator, Device device)
            throws OrtException {
        HelperGraphs helpers = new HelperGraphs(environment);
        try {
            return new OnnxModel(environment, session, helpers, allocator, device);
        } catch (OrtException | RuntimeException | Error e) {
            try {
                helpers.close();
            } finally {
                session.close();
            }
            throw e;
        }
    }

    @Override
    public Signature signature() {
        return signature;
    }

    /** @throws ServingException {@code INVALID_INPUT} if {@code tensors} are not what the file declares */
    void check(List<Tensor> tensors) {
        if (tensors.size() != inputs.size()) {
            SignatureCheck.check(signature, tensors);
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "inputs: " + tensors.size() + " (expected: none, the model takes no input)");
        }
        for (int i = 0; i < inputs.size(); i++) {
            inputs.get(i).check(tensors.get(i));
        }
    }

    @Override
    public TensorInstance newInstance() {
        try {
            List<InputBinding> into = new ArrayList<>();
            for (Port input : inputs) {
                into.add(binding(input));
            }
            List<OutputBinding> from = new ArrayList<>();
            for (int i = 0; i < outputs.size(); i++) {
                from.add(binding(outputs.get(i), plans.get(i)));
            }
            return new OnnxInstance(this, List.copyOf(into), List.copyOf(from));
        } catch (OrtException e) {
            throw OnnxErrors.whileRunning(e);
        }
    }

    private InputBinding binding(Port input) throws OrtException {
        DataType type = input.spec().type();
        if (type == DataType.BYTES) {
            return new TextInput(environment);
        }
        var signed = OnnxTypes.signed(type);
        return signed.isPresent()
                ? new UnsignedInput(new NumberInput(environment, allocator, signed.get()), helpers.cast(type))
                : new NumberInput(
                        environment, allocator, OnnxTypes.wrapped(type).orElseThrow());
    }

    private OutputBinding binding(Port output, OutputPlan plan) throws OrtException {
        if (output.isMap()) {
            return new MapOutput(allocator, output.name());
        }
        return output.spec().type() == DataType.BYTES
                ? new TextOutput(environment, allocator, output.name(), helpers.sameTexts())
                : new NumberOutput(environment, allocator, output.spec(), plan);
    }

    /** Whether calls keep to the processors. */
    @Override
    public boolean isComputeOnly() {
        return device.kind() == Device.Kind.CPU;
    }

    OrtSession session() {
        return session;
    }

    List<Port> inputs() {
        return inputs;
    }

    List<Port> outputs() {
        return outputs;
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            helpers.close();
        } finally {
            HelperGraphs.close(session);
        }
    }
}
