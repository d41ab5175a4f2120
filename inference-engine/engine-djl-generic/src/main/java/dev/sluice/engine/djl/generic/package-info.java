// SPDX-License-Identifier: Apache-2.0
/**
 * Any engine that DJL has, named by the operator: whatever no engine of our own runs. Of DJL its models and predictors are used, without
 * its model zoo, its translators or its downloads.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.djl.generic.DjlProvider}; docs/engines-notes/djl.md says how a pack is filled.
 *
 * <p><b>Threads:</b> an instance has a predictor of its own, used by one thread at a time.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}, or another engine. Nobody imports this package, it is
 * found by its service file.
 */
@NullMarked
package dev.sluice.engine.djl.generic;

import org.jspecify.annotations.NullMarked;
