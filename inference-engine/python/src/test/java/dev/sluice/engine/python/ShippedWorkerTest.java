// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.ModelInstance.Condition;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both sides of the conversation as they are shipped. */
@Timeout(60)
class ShippedWorkerTest {
    @TempDir
    Path folder;

    private Bench bench;

    @BeforeEach
    void open() {
        bench = new Bench(folder);
        bench.home = Bench.shipped();
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private StreamingInstance start() {
        return (StreamingInstance) bench.load().newInstance();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void runsAHandler(boolean unixSockets) throws IOException {
        bench.unixSockets = unixSockets;
        bench.batchSize = 2;
        bench.options.put("mine", List.of(1, "zwei é", Map.of("k", true)));
        bench.handler("""
                def handle(data, context):
                    if data is None:
                        return
                    config = context.model_yaml_config
                    return [str(config["mine"]) + row["body"].decode() for row in data]
                """);
        StreamingInstance instance = start();
        assertThat(Bench.run(instance, Requests.body("a", "1"), Requests.body("b", "2")))
                .containsExactly("[1, 'zwei é', {'k': True}]1", "[1, 'zwei é', {'k': True}]2");
        assertThat(instance.condition()).isEqualTo(Condition.FIT);
        instance.close();
    }

    @Test
    void saysWhyAHandlerCannotBeLoaded() throws IOException {
        bench.handler("import nothing_like_that\n");
        assertThatThrownBy(() -> bench.load().newInstance()).hasMessageContaining("nothing_like_that");
    }

    private static final String TENSORS =
            """
            def handle(data, context):
                if data is None:
                    return
                results = []
                for row in data:
                    values = row["x"]
                    flat = values.ravel().tolist() if hasattr(values, "ravel") else values.cast("B").cast("f").tolist()
                    results.append(str([round(v, 1) for v in flat]))
                return results
            """;

    @Test
    void handsOnTensorsOverTheSocket() throws IOException {
        bench.handler(TENSORS);
        StreamingInstance instance = start();
        assertThat(Bench.run(instance, Requests.floats("a", "x", 1, 2, 3))).containsExactly("[1.0, 2.0, 3.0]");
        assertThat(bench.copies).isEmpty();
        instance.close();
    }

    @Test
    void handsOnTensorsThroughSharedMemory() throws IOException {
        bench.handler(TENSORS);
        bench.sharedMemory = 1 << 16;
        StreamingInstance instance = start();
        for (int i = 0; i < 5; i++) {
            assertThat(Bench.run(instance, Requests.floats("a" + i, "x", 1, 2, i)))
                    .containsExactly("[1.0, 2.0, " + i + ".0]");
        }
        assertThat(bench.copies).containsOnly(CopyReason.PROCESS).hasSize(5);
        float[] large = new float[20_000];
        assertThat(Bench.run(instance, Requests.floats("l", "x", large)).get(0)).startsWith("[0.0, 0.0");
        assertThat(bench.copies).hasSize(5);
        instance.close();
    }

    /** A view stays what it was; seen to fail when the lane was written again. */
    @Test
    void leavesSharedMemoryAloneThatAHandlerKeeps() throws IOException {
        bench.handler("""
                kept = []
                def handle(data, context):
                    if data is None:
                        return
                    kept.append(data[0]["x"])
                    return [str([bytes(memoryview(v).cast("B"))[:4].hex() for v in kept])]
                """);
        bench.sharedMemory = 1 << 16;
        StreamingInstance instance = start();
        assertThat(Bench.run(instance, Requests.floats("a", "x", 1))).containsExactly("['0000803f']");
        assertThat(Bench.run(instance, Requests.floats("b", "x", 2))).containsExactly("['0000803f', '00000040']");
        assertThat(bench.copies).containsExactly(CopyReason.PROCESS);
        instance.close();
    }

    @Test
    void answersTensors() throws IOException {
        bench.handler("""
                import array
                def handle(data, context):
                    if data is None:
                        return
                    return [{"y": memoryview(array.array("f", [1.5, 2.5]))} for row in data]
                """);
        StreamingInstance instance = start();
        InferenceRequest request = Requests.floats("a", "x", 1);
        Outcome outcome = instance.execute(Bench.batch(request)).get(0);
        Outcome.Success success = (Outcome.Success) outcome;
        Tensor tensor = ((Output.OfTensor) success.response().outputs().get(0)).tensor();
        assertThat(tensor.name()).isEqualTo("y");
        assertThat(tensor.type()).isEqualTo(DataType.FP32);
        assertThat(tensor.shape()).isEqualTo(Shape.of(2));
        assertThat(tensor.data().view().getFloat(4)).isEqualTo(2.5f);
        outcome.release();
        instance.close();
    }

    @Test
    void failsOneItemAlone() throws IOException {
        bench.batchSize = 3;
        bench.handler("""
                from ts.utils.util import PredictionException
                def handle(data, context):
                    if data is None:
                        return
                    return [PredictionException("bad", 422) if row["body"] == b"bad" else row["body"] for row in data]
                """);
        StreamingInstance instance = start();
        assertThat(Bench.run(instance, Requests.body("a", "1"), Requests.body("b", "bad"), Requests.body("c", "3")))
                .containsExactly("1", "HANDLER_REFUSED bad", "3");
        instance.close();
    }
}
