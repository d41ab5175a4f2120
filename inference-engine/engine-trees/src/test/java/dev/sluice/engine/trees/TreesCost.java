// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.PairedCost;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a call through the SPI costs over a bare walk down the same trees in a {@code float[]}, and over the libraries' own prediction of one
 * row. Run by hand with the module's test class path, {@code -Dsluice.test.natives=target/native} and
 * {@code -Dsluice.test.models=../../integration-tests/models}; prints a Markdown table.
 */
final class TreesCost {
    private TreesCost() {}

    /** The trees as they stand in the file, walked the plain way. */
    private static final class BareWalk {
        private final int[][] left;
        private final int[][] right;
        private final int[][] feature;
        private final float[][] condition;
        private final boolean[][] defaultLeft;
        private final float base;

        BareWalk(Path file) throws IOException {
            JsonNode learner = new ObjectMapper().readTree(file.toFile()).get("learner");
            float score = Float.parseFloat(
                    learner.get("learner_model_param").get("base_score").textValue());
            base = -(float) Math.log(1f / score - 1f);
            JsonNode trees = learner.get("gradient_booster").get("model").get("trees");
            left = new int[trees.size()][];
            right = new int[trees.size()][];
            feature = new int[trees.size()][];
            condition = new float[trees.size()][];
            defaultLeft = new boolean[trees.size()][];
            for (int i = 0; i < left.length; i++) {
                read(trees.get(i), i);
            }
        }

        private void read(JsonNode tree, int at) {
            int nodes = tree.get("left_children").size();
            left[at] = new int[nodes];
            right[at] = new int[nodes];
            feature[at] = new int[nodes];
            condition[at] = new float[nodes];
            defaultLeft[at] = new boolean[nodes];
            for (int i = 0; i < nodes; i++) {
                left[at][i] = tree.get("left_children").get(i).intValue();
                right[at][i] = tree.get("right_children").get(i).intValue();
                feature[at][i] = tree.get("split_indices").get(i).intValue();
                condition[at][i] = tree.get("split_conditions").get(i).floatValue();
                defaultLeft[at][i] = tree.get("default_left").get(i).intValue() != 0;
            }
        }

        float score(float[] row) {
            float sum = base;
            for (int tree = 0; tree < left.length; tree++) {
                int node = 0;
                while (left[tree][node] >= 0) {
                    float value = row[feature[tree][node]];
                    boolean goesLeft = Float.isNaN(value) ? defaultLeft[tree][node] : value < condition[tree][node];
                    node = goesLeft ? left[tree][node] : right[tree][node];
                }
                sum += condition[tree][node];
            }
            return 1f / ((float) Math.exp(-sum) + 1f);
        }
    }

    /** Buffers of one size handed out again and again, as a server's pool does. */
    private static final class Pool implements BufferAllocator {
        private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

        @Override
        public DataBuffer allocate(long bytes) {
            ByteBuffer pooled = free.poll();
            boolean fits = pooled != null && pooled.capacity() == bytes;
            ByteBuffer memory = fits ? pooled : ByteBuffer.allocateDirect((int) bytes);
            return DataBuffer.of(memory, () -> free.push(memory));
        }
    }

    public static void main(String[] args) throws IOException {
        Path cache = Files.createTempDirectory("trees-cost");
        Pool pool = new Pool();
        EngineSettings settings = TestSettings.of(cache, pool);
        Natives natives = Natives.load(settings);
        System.out.println(PairedCost.head());
        try (Engine engine = new TreesEngine(settings, natives)) {
            xgboost(engine, natives);
            lightgbm(engine, natives);
        } finally {
            Files.delete(cache);
        }
    }

    private static void xgboost(Engine engine, Natives natives) throws IOException {
        Path file = TestSettings.models().resolve("xgboost/breast.json");
        double[] values = References.of("xgboost/breast.json").input()[0];
        float[] row = new float[values.length];
        ByteBuffer bytes = buffer(4 * row.length);
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) values[i];
            bytes.putFloat(4 * i, row[i]);
        }
        BareWalk walk = new BareWalk(file);
        float[] sink = new float[1];
        try (TensorModel model = engine.load(spec(file), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            BufferAllocator memory = BufferAllocator.unpooled();
            List<Tensor> input = List.of(TestTensors.floats(memory, "features", Shape.of(1, row.length), row));
            Runnable ours = () -> instance.run(input).get(0).release();
            print("XGBoost, 8 trees, 1 row: bare walk", () -> sink[0] += walk.score(row), ours);
            print("XGBoost, 8 trees, 1 row: the library", library(natives, file, bytes, 4), ours);
            int rows = 64;
            float[] many = new float[rows * row.length];
            for (int i = 0; i < many.length; i++) {
                many[i] = row[i % row.length];
            }
            List<Tensor> batch = List.of(TestTensors.floats(memory, "features", Shape.of(rows, row.length), many));
            Runnable bare = () -> {
                for (int i = 0; i < rows; i++) {
                    sink[0] += walk.score(row);
                }
            };
            TensorInstance batched = model.newInstance();
            print(
                    "XGBoost, 8 trees, 64 rows: bare walk",
                    bare,
                    () -> batched.run(batch).get(0).release());
        }
        System.out.println("checksum " + sink[0]);
    }

    private static void lightgbm(Engine engine, Natives natives) throws IOException {
        Path file = TestSettings.models().resolve("lightgbm/breast.txt");
        double[] row = References.of("lightgbm/breast.txt").input()[0];
        ByteBuffer bytes = buffer(8 * row.length);
        bytes.asDoubleBuffer().put(row);
        try (TensorModel model = engine.load(spec(file), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            List<Tensor> input =
                    List.of(TestTensors.doubles(BufferAllocator.unpooled(), "features", Shape.of(1, row.length), row));
            print(
                    "LightGBM, 8 trees, 1 row: the library",
                    library(natives, file, bytes, 8),
                    () -> instance.run(input).get(0).release());
        }
    }

    private static Runnable library(Natives natives, Path file, ByteBuffer row, int bytes) throws IOException {
        ModelFile model = ModelFormat.read(Files.readAllBytes(file));
        // Lives as long as the program.
        Scorer scorer = natives.scorer(model, model.copy().orElseThrow());
        ByteBuffer answer = buffer(bytes);
        return () -> scorer.score(row, 1, answer);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void print(String name, Runnable bare, Runnable ours) {
        System.out.println(PairedCost.of(bare, ours).row(name));
    }

    private static ModelSpec spec(Path file) {
        return new ModelSpec(
                new ModelId("measured", "1.0"),
                file.toString(),
                new ModelFiles(
                        Objects.requireNonNull(file.toAbsolutePath().getParent()),
                        Optional.of(file.getFileName().toString())),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, Duration.ofDays(1), Duration.ofDays(1)),
                Map.of());
    }
}
