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
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damages files of every kind in many ways: each must answer, or be refused as no model, soon, and whatever it claims to hold. What reads as
 * a whole model goes through the library, too, which is where the process would end: both libraries end it over files that XGBoost's and
 * LightGBM's own readers do not look at closely enough.
 */
class TreesFuzzTest extends EngineHarness {
    private static final int MUTATIONS = 200;

    @Override
    protected EngineProvider provider() {
        return new TreesProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    /**
     * Seen to fail when children could be their own ancestors; and, with a dead process, when the library was given the file itself instead
     * of a copy written from what was read.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "xgboost/breast.ubj",
                "xgboost/breast.json",
                "xgboost/softprob.ubj",
                "xgboost/softmax.json",
                "xgboost/categorical.ubj",
                "xgboost/categorical.json",
                "xgboost/dart.ubj",
                "xgboost/linear.ubj",
                "xgboost/vector-leaf.ubj",
                "lightgbm/breast.txt",
                "lightgbm/categorical.txt",
                "lightgbm/multiclass.txt",
                "lightgbm/forest.txt",
                "lightgbm/linear-tree.txt",
                "lightgbm/stumps.txt"
            })
    void onlyRefusesWhatItCannotRead(String name) throws IOException {
        byte[] whole = Files.readAllBytes(TestSettings.models().resolve(name));
        Random random = new Random(name.hashCode());
        for (int i = 0; i < MUTATIONS; i++) {
            loadAndRun(name, mutate(whole, random));
        }
    }

    private void loadAndRun(String name, byte[] content) throws IOException {
        Path file = Files.write(scratch().resolve(name.replace('/', '-')), content);
        try (TensorModel model = engine().load(spec(file), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            TensorSpec input = model.signature().inputs().get(0);
            TensorSpec output = model.signature().outputs().get(0);
            Shape shape = input.shape().withOutermost(3);
            if (shape.elementCount() > 1_000_000) {
                return;
            }
            Tensor rows = TestTensors.zeros(allocator(), "x", input.type(), shape);
            run(
                    instance,
                    List.of(rows),
                    outputs -> assertThat(outputs.get(0).shape())
                            .isEqualTo(output.shape().withOutermost(3)));
        } catch (ServingException e) {
            assertThat(e.code()).as(e.safeMessage()).isEqualTo(ErrorCode.INVALID_MODEL);
            assertFitForClients(e);
        }
    }

    private static byte[] mutate(byte[] whole, Random random) {
        byte[] file = whole.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(file.length);
            switch (random.nextInt(6)) {
                case 0 -> file[at] = (byte) random.nextInt(256);
                case 1 -> file[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> file[at] = random.nextBoolean() ? (byte) 0xff : 0;
                case 3 -> file = Arrays.copyOf(file, Math.max(1, at));
                case 4 -> file = without(file, at, Math.min(file.length - at, 1 + random.nextInt(40)));
                default -> digit(file, at, random);
            }
        }
        return file;
    }

    private static byte[] without(byte[] file, int from, int count) {
        byte[] shorter = Arrays.copyOf(file, file.length - count);
        System.arraycopy(file, from + count, shorter, from, file.length - from - count);
        return shorter.length == 0 ? new byte[1] : shorter;
    }

    /** Changes the next digit, so that text stays text and says something else. */
    private static void digit(byte[] file, int from, Random random) {
        byte[] digits = "0123456789-".getBytes(StandardCharsets.US_ASCII);
        for (int i = from; i < file.length; i++) {
            if (file[i] >= '0' && file[i] <= '9') {
                file[i] = digits[random.nextInt(digits.length)];
                return;
            }
        }
    }
}
