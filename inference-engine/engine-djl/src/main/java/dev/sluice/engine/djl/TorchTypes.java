// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.tensor.DataType;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** Torch's element types, as DJL names them, and ours. */
final class TorchTypes {
    private TorchTypes() {}

    /**
     * Empty for what DJL's binding does not pass. It must never be tried: given one of these types, release 0.35.1 does not
     * throw but ends the process.
     */
    static Optional<ai.djl.ndarray.types.DataType> theirs(DataType type) {
        return switch (type) {
            case BOOL -> Optional.of(ai.djl.ndarray.types.DataType.BOOLEAN);
            case UINT8 -> Optional.of(ai.djl.ndarray.types.DataType.UINT8);
            case INT8 -> Optional.of(ai.djl.ndarray.types.DataType.INT8);
            case INT32 -> Optional.of(ai.djl.ndarray.types.DataType.INT32);
            case INT64 -> Optional.of(ai.djl.ndarray.types.DataType.INT64);
            case FP16 -> Optional.of(ai.djl.ndarray.types.DataType.FLOAT16);
            case FP32 -> Optional.of(ai.djl.ndarray.types.DataType.FLOAT32);
            case FP64 -> Optional.of(ai.djl.ndarray.types.DataType.FLOAT64);
            case INT16, BF16, UINT16, UINT32, UINT64, BYTES -> Optional.empty();
        };
    }

    static Optional<DataType> ours(ai.djl.ndarray.types.DataType type) {
        return Arrays.stream(DataType.values())
                .filter(ours -> theirs(ours).equals(Optional.of(type)))
                .findFirst();
    }

    /** What can be passed, for messages. */
    static String passable() {
        return Arrays.stream(DataType.values())
                .filter(type -> theirs(type).isPresent())
                .map(DataType::name)
                .collect(Collectors.joining(", "));
    }
}
