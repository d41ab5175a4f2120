// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.tensor.DataType;
import java.util.Optional;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/** TF Lite's element types and ours. */
final class TfLiteTypes {
    private TfLiteTypes() {}

    /** Our name of a {@code TfLiteType}; empty for types no protocol carries. */
    static Optional<DataType> ours(int type) {
        return switch (type) {
            case tensorflowlite.kTfLiteBool -> Optional.of(DataType.BOOL);
            case tensorflowlite.kTfLiteUInt8 -> Optional.of(DataType.UINT8);
            case tensorflowlite.kTfLiteUInt16 -> Optional.of(DataType.UINT16);
            case tensorflowlite.kTfLiteUInt32 -> Optional.of(DataType.UINT32);
            case tensorflowlite.kTfLiteUInt64 -> Optional.of(DataType.UINT64);
            case tensorflowlite.kTfLiteInt8 -> Optional.of(DataType.INT8);
            case tensorflowlite.kTfLiteInt16 -> Optional.of(DataType.INT16);
            case tensorflowlite.kTfLiteInt32 -> Optional.of(DataType.INT32);
            case tensorflowlite.kTfLiteInt64 -> Optional.of(DataType.INT64);
            case tensorflowlite.kTfLiteFloat16 -> Optional.of(DataType.FP16);
            case tensorflowlite.kTfLiteBFloat16 -> Optional.of(DataType.BF16);
            case tensorflowlite.kTfLiteFloat32 -> Optional.of(DataType.FP32);
            case tensorflowlite.kTfLiteFloat64 -> Optional.of(DataType.FP64);
            case tensorflowlite.kTfLiteString -> Optional.of(DataType.BYTES);
            default -> Optional.empty();
        };
    }
}
