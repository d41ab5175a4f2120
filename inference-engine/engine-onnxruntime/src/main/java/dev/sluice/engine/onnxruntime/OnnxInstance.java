// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs one call at a time on the model's session. What the session wants to be handed, maps from names to tensors, is made once
 * and filled anew by each call.
 */
final class OnnxInstance implements TensorInstance {
    private final OnnxModel model;
    private final List<InputBinding> inputs;
    private final List<OutputBinding> outputs;

    // Filled by whoever runs the instance, one at a time. After a call they name tensors that may be closed.
    private final Map<String, OnnxTensor> fed = new LinkedHashMap<>();
    private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
    private final Set<String> unpinned = new LinkedHashSet<>();

    /** False once the file turned out to declare wrong output shapes. Written by whoever runs it, one at a time. */
    private boolean trustsShapes = true;

    OnnxInstance(OnnxModel model, List<InputBinding> inputs, List<OutputBinding> outputs) {
        this.model = model;
        this.inputs = inputs;
        this.outputs = outputs;
    }

    @Override
    public List<Tensor> run(List<Tensor> tensors) {
        model.check(tensors);
        try {
            for (int i = 0; i < inputs.size(); i++) {
                fed.put(model.inputs().get(i).name(), inputs.get(i).bind(tensors.get(i)));
            }
            return runBound(tensors);
        } catch (OrtException e) {
            throw OnnxErrors.whileRunning(e);
        } finally {
            for (int i = 0; i < inputs.size(); i++) {
                inputs.get(i).unbind();
            }
            for (int i = 0; i < outputs.size(); i++) {
                outputs.get(i).unpin();
            }
        }
    }

    /**
     * Runs, and once more without pinned outputs if the shapes in the file, and so theirs, were wrong: the runtime does not
     * mind that unless it is held to them.
     */
    private List<Tensor> runBound(List<Tensor> tensors) throws OrtException {
        pin(tensors);
        try {
            return runPinned();
        } catch (OrtException failure) {
            if (!OnnxErrors.isWrongShapeOfPinned(failure)) {
                throw failure;
            }
            outputs.forEach(OutputBinding::unpin);
            trustsShapes = false;
            pin(tensors);
            return runPinned();
        }
    }

    private void pin(List<Tensor> tensors) throws OrtException {
        for (int i = 0; i < outputs.size(); i++) {
            String name = model.outputs().get(i).name();
            OnnxTensor target = trustsShapes ? outputs.get(i).pin(tensors) : null;
            if (target == null) {
                pinned.remove(name);
                unpinned.add(name);
            } else {
                pinned.put(name, target);
                if (!unpinned.isEmpty()) {
                    unpinned.remove(name);
                }
            }
        }
    }

    private List<Tensor> runPinned() throws OrtException {
        try (OrtSession.Result result = model.session().run(fed, unpinned, pinned)) {
            if (outputs.size() == 1) {
                return List.of(outputs.get(0).take(result.get(0)));
            }
            return takeAll(result);
        }
    }

    private List<Tensor> takeAll(OrtSession.Result result) throws OrtException {
        List<Tensor> taken = new ArrayList<>(outputs.size());
        try {
            for (int i = 0; i < outputs.size(); i++) {
                taken.add(
                        outputs.get(i).take(value(result, model.outputs().get(i).name())));
            }
            return taken;
        } catch (OrtException | RuntimeException | Error e) {
            taken.forEach(Tensor::release);
            throw e;
        }
    }

    private static OnnxValue value(OrtSession.Result result, String name) {
        return result.get(name)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.ENGINE_FAILED, "output '" + name + "': missing (expected: one of each name)"));
    }

    @Override
    public void close() {
        inputs.forEach(InputBinding::close);
        outputs.forEach(OutputBinding::close);
    }
}
