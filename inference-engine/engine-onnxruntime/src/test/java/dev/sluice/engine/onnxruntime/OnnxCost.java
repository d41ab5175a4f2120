// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import dev.sluice.engine.ChargedAllocator;
import dev.sluice.engine.testing.PairedCost;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.nio.file.Path;

/**
 * What a call through the engine costs more than the binding's best: an MLP 64-32-10, batch 1, where the binding's tensors are
 * made once and used for all calls.
 *
 * <p>Run from the module's folder, with the folder of native libraries as argument and the test class path.
 */
final class OnnxCost {
    private OnnxCost() {}

    public static void main(String[] args) throws Exception {
        Path natives = Path.of(args[0]);
        Path mlp = Path.of("src", "test", "models", "mlp.onnx");
        BufferAllocator plain = BufferAllocator.unpooled();
        BufferAllocator charged = new ChargedAllocator(plain, new MemoryBudget(1 << 20), new MemoryLedger());
        System.out.println(PairedCost.head());
        try (OnnxBench bench = new OnnxBench(natives, mlp, plain)) {
            System.out.println(bench.cost(1, false).row("onnxruntime"));
            System.out.println(bench.cost(1, true).row("onnxruntime, new input buffer each call"));
        }
        try (OnnxBench bench = new OnnxBench(natives, mlp, charged)) {
            System.out.println(bench.cost(1, true).row("onnxruntime, the same, outputs charged and tracked"));
        }
    }
}
