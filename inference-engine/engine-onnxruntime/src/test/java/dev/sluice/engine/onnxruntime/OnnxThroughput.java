// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import dev.sluice.engine.testing.PairedCost;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Throughput of a model through the engine against the binding alone, at several batch sizes: the inverse of the ratio of the costs
 * of a call, measured in pairs on one thread.
 *
 * <p>Arguments: folder of native libraries; a model with one FP32 input and one FP32 output, of rows of known shape, such as the
 * {@code resnet18.onnx} that {@code integration-tests/benchmarks/models/resnet18.py} writes; batch sizes,
 * where those of the table are not wanted.
 */
final class OnnxThroughput {
    private static final List<String> BATCHES = List.of("1", "4", "8", "16");

    private OnnxThroughput() {}

    public static void main(String[] args) throws Exception {
        System.out.println("| Batch | rows/s alone | rows/s through our SPI | ratio |\n|---|---|---|---|");
        try (OnnxBench bench = new OnnxBench(Path.of(args[0]), Path.of(args[1]), BufferAllocator.unpooled())) {
            for (String size : args.length > 2 ? List.of(args).subList(2, args.length) : BATCHES) {
                int batch = Integer.parseInt(size);
                PairedCost.Cost cost = bench.cost(batch, true);
                System.out.printf(
                        Locale.ROOT,
                        "| %d | %.2f | %.2f | %.4f |%n",
                        batch,
                        batch * 1e9 / cost.bareNanos(),
                        batch * 1e9 / cost.ourNanos(),
                        1 / cost.ratio());
            }
        }
    }
}
