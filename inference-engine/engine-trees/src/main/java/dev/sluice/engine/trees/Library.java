// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.tensor.DataType;

/** Whose model it is, and so how numbers compare and add up. */
enum Library {
    /** Compares and adds in single precision. */
    XGBOOST("XGBoost", DataType.FP32),
    /** Compares and adds in double precision. */
    LIGHTGBM("LightGBM", DataType.FP64);

    private final String title;
    private final DataType type;

    Library(String title, DataType type) {
        this.title = title;
        this.type = type;
    }

    /** Its own name. */
    String title() {
        return title;
    }

    /** Type of features and predictions. */
    DataType type() {
        return type;
    }
}
