// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Tensor;
import java.util.List;

/** Runs one call at a time on the model's session. */
final class OnnxInstance implements TensorInstance {
    private final OnnxModel model;

    /** False once the file turned out to declare wrong output shapes. Written by whoever runs it, one at a time. */
    private boolean trustsShapes = true;

    OnnxInstance(OnnxModel model) {
        this.model = model;
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        check(inputs);
        try (OnnxCall call = model.newCall()) {
            for (int i = 0; i < inputs.size(); i++) {
                call.bind(model.inputs().get(i), inputs.get(i));
            }
            if (trustsShapes) {
                pinPredictable(call, inputs);
            }
            run(call);
            return call.take(model.outputs());
        } catch (OrtException e) {
            throw OnnxErrors.whileRunning(e);
        }
    }

    private void check(List<Tensor> inputs) {
        if (inputs.size() != model.inputs().size()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "inputs: " + inputs.size() + " (expected: " + model.inputs().size() + ")");
        }
        for (int i = 0; i < inputs.size(); i++) {
            model.inputs().get(i).check(inputs.get(i));
        }
    }

    private void pinPredictable(OnnxCall call, List<Tensor> inputs) throws OrtException {
        for (int i = 0; i < model.outputs().size(); i++) {
            Port output = model.outputs().get(i);
            var shape = model.plans().get(i).predict(inputs);
            if (shape.isPresent()) {
                call.pin(output, shape.get());
            }
        }
    }

    /**
     * Runs, and once more without pinned outputs if the shapes in the file, and so theirs, were wrong: the runtime does not
     * mind that unless it is held to them.
     */
    private void run(OnnxCall call) throws OrtException {
        try {
            call.run(model.session(), model.outputs());
        } catch (OrtException failure) {
            if (!OnnxErrors.isWrongShapeOfPinned(failure)) {
                throw failure;
            }
            call.unpin();
            call.run(model.session(), model.outputs());
            trustsShapes = false;
        }
    }

    /** Nothing is kept between calls. */
    @Override
    public void close() {}
}
