// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import java.util.Arrays;

/**
 * One channel of sound.
 *
 * <p><b>Ownership:</b> the samples are shared, not copied; nobody writes them after they were handed over.
 *
 * @param rate samples per second
 * @param samples -1..1 at full scale
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
public record Sound(int rate, float[] samples) {
    /** The first {@code count} samples, followed by silence if there are fewer. */
    public Sound cutOrPadded(int count) {
        return samples.length == count ? this : new Sound(rate, Arrays.copyOf(samples, count));
    }

    /** This sound without what comes after its first {@code count} samples. */
    public Sound cut(long count) {
        return samples.length <= count ? this : new Sound(rate, Arrays.copyOf(samples, (int) count));
    }
}
