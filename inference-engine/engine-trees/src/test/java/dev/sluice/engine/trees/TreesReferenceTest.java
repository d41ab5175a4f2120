// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every committed model, by the Java scorer and by the library, against what the library answered in Python. */
class TreesReferenceTest extends EngineHarness {
    /** What no Java scorer knows. */
    private static final Set<String> NATIVE = Set.of("xgboost/vector-leaf.ubj", "lightgbm/linear-tree.txt");

    @Override
    protected EngineProvider provider() {
        return new TreesProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    static Stream<References> all() {
        return References.all();
    }

    static Stream<References> known() {
        return all().filter(reference -> !NATIVE.contains(reference.file()));
    }

    /** Seen to fail for each of: trees added in another order, {@code <=} for {@code <}, zero not missing, categories sent left. */
    @ParameterizedTest
    @MethodSource("known")
    void theJavaScorerAnswersWhatTheLibraryDid(References reference) {
        assertAnswers(reference, "java", true);
    }

    @ParameterizedTest
    @MethodSource("all")
    void theLibraryAnswersWhatItDidInPython(References reference) {
        assertAnswers(reference, "native", false);
    }

    /** No disagreement between the two at load: what Java knows, Java scores. */
    @ParameterizedTest
    @MethodSource("all")
    void choosesTheJavaScorerWhereItCan(References reference) {
        assertAnswers(reference, "auto", !NATIVE.contains(reference.file()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"xgboost/vector-leaf.ubj", "lightgbm/linear-tree.txt"})
    void refusesToScoreInJavaWhatItDoesNotKnow(String file) {
        ServingException failure = failureOfLoading(spec(file, "java"));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).contains("the Java scorer does not know trees whose leaves", "(expected: ");
    }

    private static ModelSpec spec(String file, String scorer) {
        ModelSpec plain = spec(TestSettings.models().resolve(file));
        return new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                plain.batching(),
                plain.instances(),
                plain.limits(),
                Map.of("sluice", Map.of("trees", Map.of("scorer", scorer))));
    }

    private void assertAnswers(References reference, String scorer, boolean inJava) {
        try (TensorModel model = engine().load(spec(reference.file(), scorer), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            assertThat(model.isComputeOnly()).isEqualTo(inJava);
            run(instance, List.of(input(reference, reference.input())), outputs -> {
                int rows = reference.input().length;
                Shape shape = reference.width() == 1 ? Shape.of(rows) : Shape.of(rows, reference.width());
                assertThat(outputs.get(0).shape()).isEqualTo(shape);
                assertSame(reference, numbers(outputs.get(0)));
            });
        }
    }

    private Tensor input(References reference, double[][] rows) {
        Shape shape = Shape.of(rows.length, rows[0].length);
        double[] values = Arrays.stream(rows).flatMapToDouble(DoubleStream::of).toArray();
        if (!reference.isXgboost()) {
            return TestTensors.doubles(allocator(), "features", shape, values);
        }
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return TestTensors.floats(allocator(), "features", shape, narrow);
    }

    private static double[] numbers(Tensor tensor) {
        return switch (tensor.type()) {
            case FP32 -> {
                float[] narrow = TestTensors.floats(tensor);
                double[] wide = new double[narrow.length];
                for (int i = 0; i < wide.length; i++) {
                    wide[i] = narrow[i];
                }
                yield wide;
            }
            default -> TestTensors.doubles(tensor);
        };
    }

    /** To the last bit, or the one before where an exponential is part of it. */
    private static void assertSame(References reference, double[] actual) {
        double allowed = reference.isXgboost() ? 2.5e-7 : 1e-15;
        for (int i = 0; i < actual.length; i++) {
            double expected = reference.output()[i / reference.width()][i % reference.width()];
            boolean same = actual[i] == expected || Math.abs(actual[i] - expected) <= allowed * Math.abs(expected);
            if (!same) {
                throw new AssertionError(
                        reference + ", number " + i + ": " + actual[i] + " (expected: " + expected + ")");
            }
        }
    }
}
