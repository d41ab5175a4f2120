// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TreesEngineTest extends EngineHarness {
    private static final Path MODELS = TestSettings.models();

    private final Set<String> temporaryBefore = temporary();

    @Override
    protected EngineProvider provider() {
        return new TreesProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    private static Set<String> temporary() {
        String[] names = new File(System.getProperty("java.io.tmpdir")).list((folder, name) -> name.startsWith("lib"));
        return Set.copyOf(Arrays.asList(Objects.requireNonNull(names)));
    }

    /** Seen to fail without {@code claimLoaded}: the binding unpacks its library there. */
    @Test
    void unpacksNothingIntoTheTemporaryDirectory() {
        engine().load(spec(MODELS.resolve("xgboost/vector-leaf.ubj")), Device.CPU)
                .close();
        engine().load(spec(MODELS.resolve("lightgbm/linear-tree.txt")), Device.CPU)
                .close();
        assertThat(temporary()).isEqualTo(temporaryBefore);
    }

    @Test
    void declaresWhatTheLibraryComputesWith() {
        try (TensorModel xgboost = engine().load(spec(MODELS.resolve("xgboost/softprob.ubj")), Device.CPU);
                TensorModel lightgbm = engine().load(spec(MODELS.resolve("lightgbm/breast.txt")), Device.CPU)) {
            assertThat(xgboost.signature().inputs())
                    .containsExactly(new TensorSpec("features", DataType.FP32, Shape.of(-1, 4)));
            assertThat(xgboost.signature().outputs())
                    .containsExactly(new TensorSpec("predictions", DataType.FP32, Shape.of(-1, 3)));
            assertThat(lightgbm.signature().inputs())
                    .containsExactly(new TensorSpec("features", DataType.FP64, Shape.of(-1, 30)));
            assertThat(lightgbm.signature().outputs())
                    .containsExactly(new TensorSpec("predictions", DataType.FP64, Shape.of(-1)));
        }
    }

    /** Seen to fail with the check of the signature alone, which knows no names. */
    @Test
    void namesTheFeaturesToOneWhoSentTooFew() {
        try (TensorModel model = engine().load(spec(MODELS.resolve("xgboost/breast.json")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            ServingException failure = failureOfRunning(
                    instance, List.of(TestTensors.zeros(allocator(), "x", DataType.FP32, Shape.of(2, 29))));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage())
                    .isEqualTo(
                            "input 'features': FP32 [2, 29] (expected: FP32 [-1, 30], a row being mean radius, mean texture,"
                                    + " mean perimeter, mean area, mean smoothness, and 25 more)");
        }
    }

    @Test
    void allocatesNothingButTheOutput() {
        try (TensorModel model = engine().load(spec(MODELS.resolve("xgboost/breast.ubj")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            Tensor input = TestTensors.zeros(allocator(), "x", DataType.FP32, Shape.of(3, 30));
            long before = allocator().allocated();
            run(
                    instance,
                    List.of(input),
                    outputs -> assertThat(allocator().allocated() - before).isEqualTo(1));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "labels.json|{\"0\": \"zero\", \"1\": \"one\"}|it has no learner",
                "notes.txt|Read me first, please.|it begins with 'Read me first, p' (expected: XGBoost's JSON or UBJSON",
                "list.json|[1, 2, 3]|it begins with '[1, 2, 3]'",
                "trees.txt|tree lined streets|it begins with 'tree lined stree'",
                "empty.json|{}|it has no learner",
            })
    void saysWhatAFileShouldHaveBeen(String name, String content, String reason) throws IOException {
        ServingException failure =
                failureOfLoading(spec(Files.writeString(scratch().resolve(name), content)));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).startsWith(name + " is no tree model").contains(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fast", "NATIVE", ""})
    void refusesScorersItDoesNotKnow(String scorer) {
        ServingException failure = failureOfLoading(with(spec(MODELS.resolve("xgboost/breast.ubj")), scorer));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage())
                .isEqualTo("sluice.trees.scorer: '" + scorer + "' (expected: auto, java or native)");
    }

    private static ModelSpec with(ModelSpec plain, String scorer) {
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

    /** Seen to fail when whatever Java scorer there is was taken. */
    @ParameterizedTest
    @ValueSource(strings = {"xgboost/breast.ubj", "lightgbm/breast.txt"})
    void leavesItToTheLibraryWhereTheJavaScorerDisagrees(String file) throws IOException {
        ModelFile read = ModelFormat.read(Files.readAllBytes(MODELS.resolve(file)));
        Scorer right = read.scorer().orElseThrow();
        ModelFile wrong = new ModelFile(
                read.library(),
                read.features(),
                read.names(),
                Optional.of(new AlmostRight(right, read.library())),
                read.copy(),
                "",
                read.splits());
        TreesEngine engine = (TreesEngine) engine();
        try (Scorer chosen = engine.scorer(file, wrong, ScorerChoice.AUTO)) {
            assertThat(chosen.isJava()).isFalse();
        }
        try (Scorer chosen = engine.scorer(file, read, ScorerChoice.AUTO)) {
            assertThat(chosen).isSameAs(right);
        }
    }

    /** Errs by a ten-thousandth. */
    private static final class AlmostRight extends JavaScorer {
        private final Scorer right;
        private final Library library;

        AlmostRight(Scorer right, Library library) {
            this.right = right;
            this.library = library;
        }

        @Override
        public int width() {
            return right.width();
        }

        @Override
        public void score(ByteBuffer features, int rows, ByteBuffer predictions) {
            right.score(features, rows, predictions);
            if (library == Library.XGBOOST) {
                predictions.putFloat(0, predictions.getFloat(0) * 1.0001f);
            } else {
                predictions.putDouble(0, predictions.getDouble(0) * 1.0001);
            }
        }
    }

    /** Nothing loads from an empty folder, as nothing does on a machine without libgomp. */
    @Test
    void servesInJavaWithoutNativeLibraries() throws IOException {
        Path empty = Files.createDirectories(scratch().resolve("no-natives"));
        EngineSettings settings = new EngineSettings(Optional.of(empty), empty, 1, allocator());
        Natives natives = Natives.load(settings);
        assertThat(natives.loaded()).isEmpty();
        TreesEngine engine = new TreesEngine(settings, natives);
        assertThat(engine.info().nativeVersion()).isEqualTo("0.0 (no native library)");
        try (TensorModel model = engine.load(spec(MODELS.resolve("xgboost/breast.ubj")), Device.CPU)) {
            assertThat(model.isComputeOnly()).isTrue();
        }
        ServingException failure = catchThrowableOfType(
                ServingException.class,
                () -> engine.load(spec(MODELS.resolve("lightgbm/linear-tree.txt")), Device.CPU));
        assertThat(failure.code()).isEqualTo(ErrorCode.LOAD_FAILED);
        assertThat(failure.safeMessage()).contains("linear-tree.txt needs LightGBM", "linear_tree", "libgomp1");
        assertFitForClients(failure);
    }

    /** The library takes no infinite numbers; the Java scorer compares them like any other. */
    @Test
    void saysWhatTheLibraryRefused() {
        ModelSpec spec = with(spec(MODELS.resolve("xgboost/breast.ubj")), "native");
        float[] row = new float[30];
        row[7] = Float.POSITIVE_INFINITY;
        try (TensorModel model = engine().load(spec, Device.CPU);
                TensorInstance instance = model.newInstance()) {
            ServingException failure =
                    failureOfRunning(instance, List.of(TestTensors.floats(allocator(), "x", Shape.of(1, 30), row)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage())
                    .startsWith("XGBoost refused the input: ")
                    .contains("inf");
        }
    }

    /**
     * What XGBoost 3.1 and later write: a list in place of a number. With one number for all it is checked, with several the library that
     * is loaded has no words for it.
     */
    @Test
    void takesBaseScoresThatAreLists() throws IOException {
        String softprob = Files.readString(MODELS.resolve("xgboost/softprob.json"));
        String score = softprob.replaceAll("(?s).*\"base_score\":\"([^\"]*)\".*", "$1");
        assertThat(predictions(softprob.replace("\"" + score + "\"", "\"[" + score + "]\"")))
                .containsExactly(predictions(softprob));
        float[] apart = predictions(softprob.replace("\"" + score + "\"", "\"[" + score + "," + score + ",9E1]\""));
        assertThat(apart[2]).isGreaterThan(0.999f);
    }

    @Test
    void refusesBaseScoresOfAnotherNumber() throws IOException {
        String softprob = Files.readString(MODELS.resolve("xgboost/softprob.json"));
        Path file = scratch().resolve("scores.json");
        Files.writeString(file, softprob.replaceAll("\"base_score\":\"[^\"]*\"", "\"base_score\":\"[1,2]\""));
        assertThat(failureOfLoading(spec(file)).safeMessage())
                .contains("base_score: 2 numbers (expected: 1, or 3, one per output)");
    }

    private float[] predictions(String content) throws IOException {
        Path file = Files.writeString(scratch().resolve("base-score.json"), content);
        float[][] answer = new float[1][];
        try (TensorModel model = engine().load(spec(file), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            run(
                    instance,
                    List.of(TestTensors.floats(allocator(), "x", Shape.of(1, 4), 5, 3, 1, 0.2f)),
                    outputs -> answer[0] = TestTensors.floats(outputs.get(0)));
        }
        return answer[0];
    }
}
