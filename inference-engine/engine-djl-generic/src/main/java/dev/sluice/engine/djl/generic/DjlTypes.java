// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.tensor.DataType;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** DJL's element types and ours. */
final class DjlTypes {
    private static final Map<DataType, ai.djl.ndarray.types.DataType> THEIRS = Map.ofEntries(
            Map.entry(DataType.BOOL, ai.djl.ndarray.types.DataType.BOOLEAN),
            Map.entry(DataType.UINT8, ai.djl.ndarray.types.DataType.UINT8),
            Map.entry(DataType.UINT16, ai.djl.ndarray.types.DataType.UINT16),
            Map.entry(DataType.UINT32, ai.djl.ndarray.types.DataType.UINT32),
            Map.entry(DataType.UINT64, ai.djl.ndarray.types.DataType.UINT64),
            Map.entry(DataType.INT8, ai.djl.ndarray.types.DataType.INT8),
            Map.entry(DataType.INT16, ai.djl.ndarray.types.DataType.INT16),
            Map.entry(DataType.INT32, ai.djl.ndarray.types.DataType.INT32),
            Map.entry(DataType.INT64, ai.djl.ndarray.types.DataType.INT64),
            Map.entry(DataType.FP16, ai.djl.ndarray.types.DataType.FLOAT16),
            Map.entry(DataType.BF16, ai.djl.ndarray.types.DataType.BFLOAT16),
            Map.entry(DataType.FP32, ai.djl.ndarray.types.DataType.FLOAT32),
            Map.entry(DataType.FP64, ai.djl.ndarray.types.DataType.FLOAT64));

    private DjlTypes() {}

    /** Empty for texts, which DJL keeps in another way. */
    static Optional<ai.djl.ndarray.types.DataType> theirs(DataType type) {
        return Optional.ofNullable(THEIRS.get(type));
    }

    /** Empty for what no client has a name for. */
    static Optional<DataType> ours(ai.djl.ndarray.types.DataType type) {
        return THEIRS.entrySet().stream()
                .filter(entry -> entry.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** What can be passed, for messages. */
    static String passable() {
        StringBuilder names = new StringBuilder();
        new TreeSet<>(THEIRS.keySet())
                .forEach(type -> names.append(names.isEmpty() ? "" : ", ").append(type));
        return names.toString();
    }
}
