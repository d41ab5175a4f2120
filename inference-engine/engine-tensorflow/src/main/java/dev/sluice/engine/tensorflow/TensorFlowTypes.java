// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.tensor.DataType;
import java.util.Optional;
import org.tensorflow.internal.c_api.global.tensorflow;

/** TensorFlow's element types and ours. */
final class TensorFlowTypes {
    private TensorFlowTypes() {}

    /** Our name of a {@code TF_DataType}; empty for types no protocol carries. */
    static Optional<DataType> ours(int type) {
        return switch (type) {
            case tensorflow.TF_BOOL -> Optional.of(DataType.BOOL);
            case tensorflow.TF_UINT8 -> Optional.of(DataType.UINT8);
            case tensorflow.TF_UINT16 -> Optional.of(DataType.UINT16);
            case tensorflow.TF_UINT32 -> Optional.of(DataType.UINT32);
            case tensorflow.TF_UINT64 -> Optional.of(DataType.UINT64);
            case tensorflow.TF_INT8 -> Optional.of(DataType.INT8);
            case tensorflow.TF_INT16 -> Optional.of(DataType.INT16);
            case tensorflow.TF_INT32 -> Optional.of(DataType.INT32);
            case tensorflow.TF_INT64 -> Optional.of(DataType.INT64);
            case tensorflow.TF_HALF -> Optional.of(DataType.FP16);
            case tensorflow.TF_BFLOAT16 -> Optional.of(DataType.BF16);
            case tensorflow.TF_FLOAT -> Optional.of(DataType.FP32);
            case tensorflow.TF_DOUBLE -> Optional.of(DataType.FP64);
            case tensorflow.TF_STRING -> Optional.of(DataType.BYTES);
            default -> Optional.empty();
        };
    }
}
