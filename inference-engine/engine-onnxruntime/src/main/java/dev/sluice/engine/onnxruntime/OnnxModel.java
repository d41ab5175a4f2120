// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One session: the graph, its weights and its memory arena. All instances run on it at once, which the runtime allows and
 * which costs one copy of the weights.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class OnnxModel implements TensorModel {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final BufferAllocator allocator;
    private final List<Port> inputs;
    private final List<Port> outputs;
    private final List<OutputPlan> plans;
    private final Signature signature;
    private final AtomicBoolean closed = new AtomicBoolean();

    private OnnxModel(
            OrtEnvironment environment,
            OrtSession session,
            BufferAllocator allocator,
            List<Port> inputs,
            List<Port> outputs) {
        this.environment = environment;
        this.session = session;
        this.allocator = allocator;
        this.inputs = inputs;
        this.outputs = outputs;
        this.plans =
                outputs.stream().map(output -> new OutputPlan(output, inputs)).toList();
        this.signature = new Signature(
                inputs.stream().map(Port::spec).toList(),
                outputs.stream().map(Port::spec).toList());
    }

    /** A model on {@code session}, which it owns, and which is closed if it cannot be served. */
    static OnnxModel of(OrtEnvironment environment, OrtSession session, BufferAllocator allocator) throws OrtException {
        try {
            List<Port> inputs =
                    session.getInputInfo().values().stream().map(Port::input).toList();
            List<Port> outputs =
                    session.getOutputInfo().values().stream().map(Port::output).toList();
            return new OnnxModel(environment, session, allocator, inputs, outputs);
        } catch (OrtException | RuntimeException | Error e) {
            session.close();
            throw e;
        }
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public TensorInstance newInstance() {
        return new OnnxInstance(this);
    }

    /** Sessions run on processors alone. */
    @Override
    public boolean isComputeOnly() {
        return true;
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

    /** One per output. */
    List<OutputPlan> plans() {
        return plans;
    }

    OnnxCall newCall() {
        return new OnnxCall(environment, allocator);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            session.close();
        } catch (OrtException e) {
            throw new ServingException(ErrorCode.ENGINE_FAILED, "ONNX Runtime failed to unload the model", e);
        }
    }
}
