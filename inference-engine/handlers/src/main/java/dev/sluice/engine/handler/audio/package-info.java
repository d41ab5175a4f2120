// SPDX-License-Identifier: Apache-2.0
/**
 * From the bytes of a sound file to the floats of an audio model, with the same numbers as torchaudio gives.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.handler.audio.WavFile}, {@link
 * dev.sluice.engine.handler.audio.Resampler}, {@link dev.sluice.engine.handler.audio.MelSpectrogram}.
 *
 * <p><b>Threads:</b> a {@code MelSpectrogram} is confined to one thread; everything else is immutable.
 *
 * <p><b>May not import:</b> {@code engine}, or the handlers. Requests, models and options are unknown here.
 */
@NullMarked
package dev.sluice.engine.handler.audio;

import org.jspecify.annotations.NullMarked;
