// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What has to be known of a model's file before, or instead of, asking the interpreter: it ends the process when numbers in the
 * file lead nowhere, which the verifier does not look at, and tells only standard error which operators it lacks.
 *
 * <p>Source: TF Lite's schema, version 3.
 */
final class FileGraph {
    /** Operators outside the schema that the resolver knows by name nevertheless. */
    private static final Set<String> KNOWN =
            Set.of("NumericVerify", "Mfcc", "AudioSpectrogram", "TFLite_Detection_PostProcess");

    /** Stands for an input that an operator does without. */
    private static final int NONE = -1;

    private static final int TYPE_UINT8 = 3;
    private static final int TYPE_STRING = 5;
    private static final int TYPE_INT8 = 9;

    private static final class Model {
        static final int OPERATOR_CODES = 1;
        static final int SUBGRAPHS = 2;
        static final int BUFFERS = 4;
        static final int SIGNATURES = 7;
    }

    private static final class OperatorCode {
        static final int CUSTOM_CODE = 1;
    }

    private static final class Subgraph {
        static final int TENSORS = 0;
        static final int INPUTS = 1;
        static final int OUTPUTS = 2;
        static final int OPERATORS = 3;
    }

    private static final class Tensor {
        static final int SHAPE = 0;
        static final int TYPE = 1;
        static final int BUFFER = 2;
        static final int QUANTIZATION = 4;
        static final int IS_VARIABLE = 5;
        static final int SHAPE_SIGNATURE = 7;
    }

    private static final class Quantization {
        static final int SCALE = 2;
        static final int ZERO_POINT = 3;
    }

    private static final class Buffer {
        static final int DATA = 0;

        /** Of data that lie behind the tables. */
        static final int OFFSET = 1;
    }

    private static final class Operator {
        static final int CODE = 0;
        static final int INPUTS = 1;
        static final int OUTPUTS = 2;
        static final int INTERMEDIATES = 8;
    }

    private static final class SignatureDef {
        static final int INPUTS = 0;
        static final int OUTPUTS = 1;
        static final int KEY = 2;
        static final int SUBGRAPH = 4;
    }

    /** Which tensor a name means. */
    private static final class TensorMap {
        static final int NAME = 0;
        static final int TENSOR = 1;
    }

    private final FlatTable model;

    /** @param file a file that the verifier has passed */
    FileGraph(ByteBuffer file) {
        this.model = FlatTable.root(file);
    }

    /** Names of the operators TF Lite does not have, in order, each once. */
    List<String> unknownOperators() {
        Set<String> unknown = new TreeSet<>();
        for (FlatTable code : model.tables(Model.OPERATOR_CODES)) {
            unknown.add(code.text(OperatorCode.CUSTOM_CODE));
        }
        unknown.remove("");
        unknown.removeAll(KNOWN);
        return List.copyOf(unknown);
    }

    /**
     * Whether every number that stands for a tensor, a buffer, an operator or a subgraph stands for one that is there, and every
     * tensor has a value before it is read.
     */
    boolean isConsistent() {
        List<FlatTable> subgraphs = model.tables(Model.SUBGRAPHS);
        return !subgraphs.isEmpty()
                && subgraphs.stream().allMatch(this::isConsistent)
                && model.tables(Model.SIGNATURES).stream()
                        .allMatch(signature -> isSignatureConsistent(signature, subgraphs));
    }

    private boolean isConsistent(FlatTable subgraph) {
        List<FlatTable> tensors = subgraph.tables(Subgraph.TENSORS);
        List<FlatTable> buffers = model.tables(Model.BUFFERS);
        int codes = model.tables(Model.OPERATOR_CODES).size();
        // Without an output, too, XNNPACK ends the process.
        return !subgraph.numbers(Subgraph.OUTPUTS).isEmpty()
                && tensors.stream().allMatch(tensor -> isConsistent(tensor, buffers))
                && areIn(subgraph.numbers(Subgraph.INPUTS), 0, tensors.size())
                && areIn(subgraph.numbers(Subgraph.OUTPUTS), 0, tensors.size())
                && subgraph.tables(Subgraph.OPERATORS).stream()
                        .allMatch(operator -> isConsistent(operator, codes, tensors.size()))
                && isOrdered(subgraph, tensors, buffers);
    }

    private static boolean isConsistent(FlatTable tensor, List<FlatTable> buffers) {
        return isIn(tensor.number(Tensor.BUFFER), 0, buffers.size())
                && areIn(tensor.numbers(Tensor.SHAPE), 0, Integer.MAX_VALUE)
                && areIn(tensor.numbers(Tensor.SHAPE_SIGNATURE), -1, Integer.MAX_VALUE)
                && isQuantisedWithinItsType(tensor)
                && hasItsTexts(tensor, buffers.get(tensor.number(Tensor.BUFFER)));
    }

    /** Operators take constant texts on trust: how many, and where each is. */
    private static boolean hasItsTexts(FlatTable tensor, FlatTable buffer) {
        if (tensor.octet(Tensor.TYPE) != TYPE_STRING) {
            return true;
        }
        long count = 1;
        for (int size : tensor.numbers(Tensor.SHAPE)) {
            count = Math.min(count * size, Integer.MAX_VALUE);
        }
        // Those behind the tables the verifier knows nothing of.
        return !buffer.isSet(Buffer.OFFSET)
                && (buffer.size(Buffer.DATA) == 0 || StringTensors.areTexts(buffer.bytes(Buffer.DATA), count));
    }

    private static boolean isQuantisedWithinItsType(FlatTable tensor) {
        Optional<FlatTable> quantization = tensor.table(Tensor.QUANTIZATION);
        List<Integer> zeros = quantization
                .map(numbers -> numbers.longs(Quantization.ZERO_POINT))
                .orElse(List.of());
        List<Integer> scales =
                quantization.map(numbers -> numbers.numbers(Quantization.SCALE)).orElse(List.of());
        return scales.stream().allMatch(FileGraph::isFactor)
                && switch (tensor.octet(Tensor.TYPE)) {
                    case TYPE_INT8 -> areIn(zeros, Byte.MIN_VALUE, Byte.MAX_VALUE + 1);
                    case TYPE_UINT8 -> areIn(zeros, 0, 1 << Byte.SIZE);
                    default -> true;
                };
    }

    private static boolean isFactor(int bits) {
        float factor = Float.intBitsToFloat(bits);
        return factor >= 0 && factor <= Float.MAX_VALUE;
    }

    /** Whether operators read only what is given, constant, or computed by one before them; they run in the file's order. */
    private static boolean isOrdered(FlatTable subgraph, List<FlatTable> tensors, List<FlatTable> buffers) {
        Set<Integer> known = new HashSet<>(subgraph.numbers(Subgraph.INPUTS));
        known.add(NONE);
        for (int i = 0; i < tensors.size(); i++) {
            FlatTable tensor = tensors.get(i);
            FlatTable buffer = buffers.get(tensor.number(Tensor.BUFFER));
            if (tensor.octet(Tensor.IS_VARIABLE) != 0
                    || buffer.size(Buffer.DATA) > 0
                    || buffer.isSet(Buffer.OFFSET)
                    || tensor.numbers(Tensor.SHAPE).contains(0)) {
                known.add(i);
            }
        }
        for (FlatTable operator : subgraph.tables(Subgraph.OPERATORS)) {
            if (!known.containsAll(operator.numbers(Operator.INPUTS))) {
                return false;
            }
            known.addAll(operator.numbers(Operator.OUTPUTS));
        }
        return known.containsAll(subgraph.numbers(Subgraph.OUTPUTS));
    }

    private static boolean isConsistent(FlatTable operator, int codes, int tensors) {
        return isIn(operator.number(Operator.CODE), 0, codes)
                && areIn(operator.numbers(Operator.INPUTS), NONE, tensors)
                && areIn(operator.numbers(Operator.OUTPUTS), NONE, tensors)
                && areIn(operator.numbers(Operator.INTERMEDIATES), NONE, tensors);
    }

    private static boolean isSignatureConsistent(FlatTable signature, List<FlatTable> subgraphs) {
        int subgraph = signature.number(SignatureDef.SUBGRAPH);
        // The binding has no text without letters.
        if (!isIn(subgraph, 0, subgraphs.size())
                || signature.text(SignatureDef.KEY).isEmpty()) {
            return false;
        }
        int tensors = subgraphs.get(subgraph).size(Subgraph.TENSORS);
        List<FlatTable> named = new ArrayList<>(signature.tables(SignatureDef.INPUTS));
        named.addAll(signature.tables(SignatureDef.OUTPUTS));
        return named.stream()
                .allMatch(map -> isIn(map.number(TensorMap.TENSOR), 0, tensors)
                        && !map.text(TensorMap.NAME).isEmpty());
    }

    private static boolean areIn(List<Integer> numbers, int from, int to) {
        return numbers.stream().allMatch(number -> isIn(number, from, to));
    }

    private static boolean isIn(int number, int from, int to) {
        return number >= from && number < to;
    }
}
