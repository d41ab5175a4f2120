// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SignatureDef;

/**
 * The one of a SavedModel's signatures that is served: {@code sluice: signature: <name>} in the model's configuration, else
 * {@code serving_default}, else the only one. Inputs and outputs are in the order of their names: the file keeps them in a map,
 * which has none.
 */
record ServedSignature(List<Port> inputs, List<Port> outputs) {
    private static final String DEFAULT = "serving_default";

    /** What TensorFlow itself calls at the load is written down as a signature, too. */
    private static final String INTERNAL = "__saved_model";

    ServedSignature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /**
     * The signature {@code spec} asks for.
     *
     * @param metaGraph a {@code MetaGraphDef} as its bytes
     * @throws ServingException {@code INVALID_MODEL} if it is not there or cannot be served
     */
    static ServedSignature of(ByteBuffer metaGraph, ModelSpec spec) {
        Map<String, SignatureDef> signatures = new TreeMap<>();
        try {
            signatures.putAll(signaturesAlone(metaGraph).getSignatureDefMap());
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's signatures cannot be read", e);
        }
        signatures.keySet().removeIf(name -> name.startsWith(INTERNAL));
        SignatureDef chosen = chosen(signatures, spec);
        List<Port> inputs = new TreeMap<>(chosen.getInputsMap())
                .entrySet().stream()
                        .map(input -> Port.input(input.getKey(), input.getValue()))
                        .toList();
        List<Port> outputs = new TreeMap<>(chosen.getOutputsMap())
                .entrySet().stream()
                        .map(output -> Port.output(output.getKey(), output.getValue()))
                        .toList();
        if (inputs.isEmpty() || outputs.isEmpty()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "The model's signature has " + inputs.size() + " inputs and " + outputs.size()
                            + " outputs (expected: one or more of both)");
        }
        return new ServedSignature(inputs, outputs);
    }

    /** The signatures without the graph, which may be as large as all weights. */
    private static MetaGraphDef signaturesAlone(ByteBuffer metaGraph) throws IOException {
        CodedInputStream fields = CodedInputStream.newInstance(metaGraph);
        UnknownFieldSet.Field.Builder signatures = UnknownFieldSet.Field.newBuilder();
        for (int tag = fields.readTag(); tag != 0; tag = fields.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == MetaGraphDef.SIGNATURE_DEF_FIELD_NUMBER) {
                signatures.addLengthDelimited(fields.readBytes());
            } else if (!fields.skipField(tag)) {
                throw new InvalidProtocolBufferException("a group ends that did not begin");
            }
        }
        return MetaGraphDef.parseFrom(UnknownFieldSet.newBuilder()
                .addField(MetaGraphDef.SIGNATURE_DEF_FIELD_NUMBER, signatures.build())
                .build()
                .toByteString());
    }

    private static SignatureDef chosen(Map<String, SignatureDef> signatures, ModelSpec spec) {
        Object wanted = spec.options().get("sluice") instanceof Map<?, ?> options ? options.get("signature") : null;
        if (wanted == null && !signatures.containsKey(DEFAULT) && signatures.size() == 1) {
            return signatures.values().iterator().next();
        }
        SignatureDef chosen = signatures.get(wanted == null ? DEFAULT : String.valueOf(wanted));
        if (chosen == null) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    NativeMessage.clean("signature: " + (wanted == null ? DEFAULT : wanted) + " (expected: "
                            + (signatures.isEmpty()
                                    ? "the model has none"
                                    : "one of " + String.join(", ", signatures.keySet())
                                            + "; set it as sluice: signature: in the model's configuration")
                            + ")"));
        }
        return chosen;
    }

    /** What the model declares. */
    Signature declared() {
        return new Signature(
                inputs.stream().map(Port::spec).toList(),
                outputs.stream().map(Port::spec).toList());
    }
}
