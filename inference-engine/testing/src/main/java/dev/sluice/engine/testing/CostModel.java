// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.engine.EngineSettings;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A model that engines are measured with, and what to measure it under: integration-tests/benchmarks/models/make.py writes both.
 *
 * @param name of its file or folder
 * @param input name of its only input, {@code FP32}
 * @param row shape of one row of it
 * @param batches numbers of rows to measure
 */
public record CostModel(String name, String input, Shape row, List<Integer> batches) {
    /** The small one, or the one that {@code arguments} name after the folder, with the batch sizes after that. */
    public static CostModel of(String... arguments) {
        boolean large = arguments.length > 1 && arguments[1].equals("resnet18");
        List<Integer> batches =
                Stream.of(arguments).skip(large ? 2 : 1).map(Integer::valueOf).toList();
        return large
                ? new CostModel("resnet18", "image", Shape.of(224, 224, 3), orElse(batches, List.of(1, 4, 8, 16)))
                : new CostModel("mlp", "x", Shape.of(64), orElse(batches, List.of(1)));
    }

    private static List<Integer> orElse(List<Integer> given, List<Integer> usual) {
        return given.isEmpty() ? usual : given;
    }

    /** Numbers for that many rows, the same each time. */
    public float[] numbers(int rows) {
        SplittableRandom random = new SplittableRandom(1);
        float[] numbers = new float[Math.toIntExact(row.rows(rows).elementCount())];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextDouble();
        }
        return numbers;
    }

    /** One thread a call, and nothing to be written. */
    public static EngineSettings settings(Path natives, BufferAllocator allocator) {
        return new EngineSettings(Optional.of(natives), natives, 1, allocator);
    }

    /** The model in {@code file}. */
    public static ModelSpec spec(Path file) {
        return EngineHarness.spec(file);
    }

    /** Buffers that are used again once released, as a server's are; for one thread. */
    public static BufferAllocator reusing() {
        Map<Integer, Deque<ByteBuffer>> free = new HashMap<>();
        return size -> {
            Deque<ByteBuffer> fitting =
                    free.computeIfAbsent(BufferAllocator.checkedSize(size), any -> new ArrayDeque<>());
            ByteBuffer memory = fitting.isEmpty() ? ByteBuffer.allocateDirect((int) size) : fitting.pop();
            return DataBuffer.of(memory, () -> fitting.push(memory));
        };
    }
}
