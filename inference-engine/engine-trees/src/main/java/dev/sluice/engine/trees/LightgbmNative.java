// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import com.microsoft.ml.lightgbm.SWIGTYPE_p_double;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_int;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_long_long;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_p_void;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_void;
import com.microsoft.ml.lightgbm.lightgbmlib;
import com.microsoft.ml.lightgbm.lightgbmlibConstants;
import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * LightGBM itself, one thread and one row per call.
 *
 * <p><b>Threads:</b> safe from any thread: the library locks a booster while it predicts.
 */
final class LightgbmNative implements Scorer {
    private static final String PARAMETERS = "num_threads=1 verbosity=-1 predict_disable_shape_check=true";
    private static final int ALL = -1;

    private final SWIGTYPE_p_void booster;
    private final int features;
    private final int width;
    private final AtomicBoolean closed = new AtomicBoolean();

    private LightgbmNative(SWIGTYPE_p_void booster, int features, int width) {
        this.booster = booster;
        this.features = features;
        this.width = width;
    }

    /** @throws MalformedModelException if the library refuses it */
    static LightgbmNative load(byte[] content, int features) {
        SWIGTYPE_p_void booster = read(new String(content, StandardCharsets.UTF_8));
        try {
            return new LightgbmNative(booster, features, outputs(booster));
        } catch (RuntimeException | Error e) {
            lightgbmlib.LGBM_BoosterFree(booster);
            throw e;
        }
    }

    private static SWIGTYPE_p_void read(String content) {
        SWIGTYPE_p_p_void handle = lightgbmlib.voidpp_handle();
        SWIGTYPE_p_int rounds = lightgbmlib.new_intp();
        try {
            check(lightgbmlib.LGBM_BoosterLoadModelFromString(content, rounds, handle));
            return lightgbmlib.voidpp_value(handle);
        } finally {
            lightgbmlib.delete_intp(rounds);
            lightgbmlib.delete_voidpp(handle);
        }
    }

    private static int outputs(SWIGTYPE_p_void booster) {
        SWIGTYPE_p_long_long count = lightgbmlib.new_int64_tp();
        try {
            check(lightgbmlib.LGBM_BoosterCalcNumPredict(
                    booster, 1, lightgbmlibConstants.C_API_PREDICT_NORMAL, 0, ALL, count));
            return Math.toIntExact(lightgbmlib.int64_tp_value(count));
        } finally {
            lightgbmlib.delete_int64_tp(count);
        }
    }

    private static void check(int status) {
        if (status != 0) {
            throw new MalformedModelException("LightGBM refuses it: " + reason());
        }
    }

    private static String reason() {
        return NativeMessage.clean(String.valueOf(lightgbmlib.LGBM_GetLastError()));
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
        DoubleBuffer numbers = features.asDoubleBuffer();
        double[] row = new double[this.features];
        SWIGTYPE_p_long_long count = lightgbmlib.new_int64_tp();
        SWIGTYPE_p_double answers = lightgbmlib.new_doubleArray(width);
        try {
            for (int i = 0; i < rows; i++) {
                numbers.get(row);
                predict(row, count, answers);
                for (int j = 0; j < width; j++) {
                    predictions.putDouble(8 * (i * width + j), lightgbmlib.doubleArray_getitem(answers, j));
                }
            }
        } finally {
            lightgbmlib.delete_doubleArray(answers);
            lightgbmlib.delete_int64_tp(count);
        }
    }

    private void predict(double[] row, SWIGTYPE_p_long_long count, SWIGTYPE_p_double answers) {
        int status = lightgbmlib.LGBM_BoosterPredictForMatSingle(
                row,
                booster,
                lightgbmlibConstants.C_API_DTYPE_FLOAT64,
                features,
                1,
                lightgbmlibConstants.C_API_PREDICT_NORMAL,
                0,
                ALL,
                PARAMETERS,
                count,
                answers);
        if (status != 0) {
            throw new ServingException(ErrorCode.ENGINE_FAILED, "LightGBM failed: " + reason());
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            lightgbmlib.LGBM_BoosterFree(booster);
        }
    }
}
