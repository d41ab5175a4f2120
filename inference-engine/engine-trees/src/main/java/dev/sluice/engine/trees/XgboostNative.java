// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.ConfigContext;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/**
 * XGBoost itself, one thread per call.
 *
 * <p><b>Threads:</b> safe from any thread. The library allows predictions side by side once a first one has set a booster up, which happens
 * before this is handed out; nothing else is done to a booster afterwards.
 */
final class XgboostNative implements Scorer {
    private final Booster booster;
    private final int features;
    private final int width;

    /** @throws MalformedModelException if the library refuses it */
    static XgboostNative load(byte[] content, int features) {
        // The settings are those of this thread. Reading, too, would take a thread per core.
        try (ConfigContext settings = new ConfigContext()) {
            settings.setConfigs(Map.of("nthread", 1, "verbosity", 0));
            return new XgboostNative(content, features);
        } catch (XGBoostError | IOException e) {
            throw new MalformedModelException("XGBoost refuses it: " + reason(e), e);
        }
    }

    private XgboostNative(byte[] content, int features) throws XGBoostError, IOException {
        this.booster = XGBoost.loadModel(content);
        this.features = features;
        try {
            booster.setParam("nthread", 1);
            float[] missing = new float[features];
            Arrays.fill(missing, Float.NaN);
            this.width = predict(missing, 1)[0].length;
        } catch (XGBoostError | RuntimeException | Error e) {
            booster.dispose();
            throw e;
        }
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public boolean isJava() {
        return false;
    }

    @Override
    public void score(ByteBuffer features, int rows, ByteBuffer predictions) {
        if (rows == 0) {
            return;
        }
        float[] numbers = new float[rows * this.features];
        features.asFloatBuffer().get(numbers);
        try {
            float[][] answers = predict(numbers, rows);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < width; i++) {
                    predictions.putFloat(4 * (row * width + i), answers[row][i]);
                }
            }
        } catch (XGBoostError e) {
            // Infinite numbers are all it refuses in rows of the right length.
            throw new ServingException(ErrorCode.INVALID_INPUT, "XGBoost refused the input: " + reason(e), e);
        }
    }

    private float[][] predict(float[] numbers, int rows) throws XGBoostError {
        DMatrix matrix = new DMatrix(numbers, rows, features, Float.NaN);
        try {
            return booster.predict(matrix);
        } finally {
            matrix.dispose();
        }
    }

    /** What went wrong, without the stack of native frames that follows it. */
    private static String reason(Exception failure) {
        String message = String.valueOf(failure.getMessage());
        int stack = message.indexOf("Stack trace");
        return NativeMessage.clean(stack < 0 ? message : message.substring(0, stack));
    }

    @Override
    public void close() {
        booster.dispose();
    }
}
