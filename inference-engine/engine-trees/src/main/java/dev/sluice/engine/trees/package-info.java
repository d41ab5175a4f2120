// SPDX-License-Identifier: Apache-2.0
/**
 * Tree models of XGBoost and LightGBM, scored in Java: a walk down flat arrays, which takes a hundredth of what a call into the libraries
 * costs (spec/engines.md section 3.6). At load the library itself answers the same made-up rows; where it disagrees, or the Java scorer
 * does not know the model, the library scores it.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.trees.TreesProvider}; for who scores what, {@code TreesEngine#load}; for the walks,
 * {@code FloatForest} and {@code DoubleForest}; for the files, {@code XgboostFile} and {@code LightgbmFile}.
 *
 * <p><b>Threads:</b> a model is read by one thread and never changes afterwards; all instances share it and run at once. The libraries'
 * boosters do nothing but predict once they are loaded.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or another engine. Nobody imports this package; it is
 * found by its service file.
 */
@NullMarked
package dev.sluice.engine.trees;

import org.jspecify.annotations.NullMarked;
