// SPDX-License-Identifier: Apache-2.0
/**
 * From the bytes of an image file to the floats of a vision model, with the same numbers as Pillow gives.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.handler.image.ImageDecoder},
 * {@link dev.sluice.engine.handler.image.ImagePipeline}.
 *
 * <p><b>Threads:</b> an {@code ImageDecoder} is confined to one thread; everything else is immutable.
 *
 * <p><b>May not import:</b> {@code engine}, or the handlers. Requests, models and options are unknown here.
 */
@NullMarked
package dev.sluice.engine.handler.image;

import org.jspecify.annotations.NullMarked;
