// SPDX-License-Identifier: Apache-2.0
/**
 * What a model is called, what it takes and gives, and what is wished for it.
 *
 * <p><b>Start here:</b> {@link dev.sluice.model.ModelSpec}, {@link dev.sluice.model.ModelRef},
 * {@link dev.sluice.model.Signature}.
 *
 * <p><b>Threads:</b> all types are immutable.
 *
 * <p><b>May not import:</b> anything but {@code tensor}. How a model is stored or run is unknown here.
 */
@NullMarked
package dev.sluice.model;

import org.jspecify.annotations.NullMarked;
