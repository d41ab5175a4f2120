// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.tensor.DataType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Element types as DJL's binding counts them, as libtorch counts them, and ours.
 *
 * <p>The binding has numbers for eight of ours. Given another type's it does not throw but ends the process (release 0.35.1), so the rest
 * goes in as a wider type and is narrowed by {@link TorchCasts}. Out they come as they are: the bytes do not pass through the binding's
 * types.
 */
final class TorchTypes {
    /** What the binding calls types it has no number for. */
    static final int UNKNOWN = 9;

    /** The types the binding has numbers for, by those; djl_pytorch_utils.h in DJL's sources. */
    private static final List<DataType> NUMBERED = List.of(
            DataType.FP32,
            DataType.FP64,
            DataType.FP16,
            DataType.UINT8,
            DataType.INT32,
            DataType.INT8,
            DataType.INT64,
            DataType.BOOL);

    /** libtorch's own numbers, c10/core/ScalarType.h, which TorchScript calls {@code int}s. */
    private static final Map<DataType, Long> NARROWED = Map.of(
            DataType.INT16, 2L, DataType.BF16, 15L, DataType.UINT16, 27L, DataType.UINT32, 28L, DataType.UINT64, 29L);

    private TorchTypes() {}

    /** The binding's number; negative for types it must not be given. */
    static int number(DataType type) {
        return NUMBERED.indexOf(type);
    }

    /** libtorch's number of a type the binding has none for; empty for texts, which are no tensor in libtorch. */
    static Optional<Long> narrowed(DataType type) {
        return Optional.ofNullable(NARROWED.get(type));
    }

    /** The type of that number of the binding's; null if it is none of ours. */
    static @Nullable DataType ours(int number) {
        return number < NUMBERED.size() ? NUMBERED.get(number) : null;
    }

    /** The type of that number of libtorch's own, of those the binding has none for. */
    static Optional<DataType> ofNarrowed(long number) {
        return NARROWED.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** What can be passed, for messages. */
    static String passable() {
        return Arrays.stream(DataType.values())
                .filter(type -> NUMBERED.contains(type) || NARROWED.containsKey(type))
                .map(DataType::name)
                .collect(Collectors.joining(", "));
    }
}
