// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.TfLiteTensor;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * What a model says it takes and gives, in the order of its first subgraph. Names are those of the signature, where the file has
 * one, and else those of the graph's tensors.
 */
final class DeclaredTensors {
    private DeclaredTensors() {}

    /** @throws ServingException {@code INVALID_MODEL} if it cannot be run, or takes or gives what cannot be passed */
    static Signature of(FlatModel flat, ModelSpec spec) {
        Interpreter interpreter = flat.newInterpreter();
        // Frees what the binding allocates below to answer our questions.
        PointerScope answers = new PointerScope();
        Signature declared;
        try {
            declared = read(interpreter, flat, spec);
        } finally {
            answers.close();
            interpreter.deallocate();
        }
        return RowProbe.takesAnyNumberOfRows(flat, declared) ? withOpenRows(declared) : declared;
    }

    private static Signature read(Interpreter interpreter, FlatModel flat, ModelSpec spec) {
        SignatureNames names = SignatureNames.of(interpreter, spec);
        List<TensorSpec> inputs = new ArrayList<>();
        List<Integer> inputTensors = ints(interpreter.inputs());
        for (int i = 0; i < inputTensors.size(); i++) {
            inputs.add(declared("input", interpreter.input_tensor(i), names.input(inputTensors.get(i))));
        }
        if (inputs.isEmpty()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, "Model " + spec.id().name() + " has no inputs (expected: one or more)");
        }
        boolean planned = interpreter.AllocateTensors() == tensorflowlite.kTfLiteOk;
        boolean open = inputs.stream().anyMatch(input -> !input.shape().isConcrete());
        // An open dimension counts as 1 here, which may be too small for the model; then the first call will show.
        if (!planned && (!open || flat.hasUnknownOperators())) {
            throw flat.cannotRun();
        }
        List<TensorSpec> outputs = new ArrayList<>();
        List<Integer> outputTensors = ints(interpreter.outputs());
        for (int i = 0; i < outputTensors.size(); i++) {
            outputs.add(declared("output", interpreter.output_tensor(i), names.output(outputTensors.get(i))));
        }
        return new Signature(inputs, outputs);
    }

    private static List<Integer> ints(IntPointer pointer) {
        List<Integer> ints = new ArrayList<>();
        for (long i = 0; !Pointer.isNull(pointer) && i < pointer.limit(); i++) {
            ints.add(pointer.get(i));
        }
        return ints;
    }

    private static TensorSpec declared(String role, TfLiteTensor tensor, Optional<String> signatureName) {
        if (Pointer.isNull(tensor)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, "Model leaves out one " + role + " (expected: a tensor for each)");
        }
        String name = signatureName.orElseGet(
                () -> tensor.name().isNull() ? role : tensor.name().getString());
        DataType type = TfLiteTypes.ours(tensor.type())
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        NativeMessage.clean("Model's " + role + " '" + name + "' holds "
                                + tensorflowlite.TfLiteTypeGetName(tensor.type())
                                        .getString()
                                + " values (expected: booleans, integers of 8 to 64 bits, floating-point numbers or"
                                + " strings)")));
        return new TensorSpec(name, type, shape(tensor));
    }

    private static Shape shape(TfLiteTensor tensor) {
        Shape now = NativeTensor.shape(tensor.dims());
        Shape open = NativeTensor.shape(tensor.dims_signature());
        if (open.rank() > 0) {
            return open;
        }
        return tensor.allocation_type() == tensorflowlite.kTfLiteDynamic ? allOpen(now.rank()) : now;
    }

    private static Shape allOpen(int rank) {
        long[] dimensions = new long[rank];
        Arrays.fill(dimensions, Shape.ANY);
        return Shape.of(dimensions);
    }

    private static Signature withOpenRows(Signature declared) {
        return new Signature(withOpenRows(declared.inputs()), withOpenRows(declared.outputs()));
    }

    private static List<TensorSpec> withOpenRows(List<TensorSpec> specs) {
        return specs.stream()
                .map(spec ->
                        new TensorSpec(spec.name(), spec.type(), spec.shape().withOutermost(Shape.ANY)))
                .toList();
    }
}
