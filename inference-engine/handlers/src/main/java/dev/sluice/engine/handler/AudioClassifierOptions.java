// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.audio.MelOptions;
import dev.sluice.engine.handler.audio.MelScale;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code handler.audioClassifier} in a model's configuration file says. All of it may be left out.
 *
 * <table>
 * <caption>Keys; those from {@code window} on are for {@code mel} only</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code sampleRate}</td><td>1000..192000 samples per second</td><td>16000</td></tr>
 * <tr><td>{@code seconds}</td><td>0.01..120, to which sounds are cut or padded</td><td>1</td></tr>
 * <tr><td>{@code features}</td><td>{@code waveform} or {@code mel}</td><td>{@code waveform}</td></tr>
 * <tr><td>{@code topK}</td><td>1..100000 classes in an answer</td><td>5</td></tr>
 * <tr><td>{@code window}</td><td>16..16384 samples per transform, an even number</td><td>400</td></tr>
 * <tr><td>{@code hop}</td><td>1..16384 samples from one transform to the next</td><td>half of {@code window}</td></tr>
 * <tr><td>{@code mels}</td><td>1..512 bands</td><td>128</td></tr>
 * <tr><td>{@code lowest}, {@code highest}</td><td>Hz, at most half of {@code sampleRate}</td>
 *     <td>0 and that half</td></tr>
 * <tr><td>{@code scale}</td><td>{@code power}, {@code log} or {@code decibel}</td><td>{@code log}</td></tr>
 * <tr><td>{@code mean}, {@code std}</td><td>what is taken off each number, and what it is then divided by</td>
 *     <td>0 and 1</td></tr>
 * </table>
 *
 * @param samples that the model hears
 * @param spectrogram empty for the samples as they are
 * @param row shape of the model's row
 */
record AudioClassifierOptions(
        int sampleRate, int samples, Optional<MelOptions> spectrogram, float mean, float std, Shape row, int topK) {
    static final String HANDLER = "audio_classifier";
    private static final Set<String> MEL_KEYS =
            Set.of("window", "hop", "mels", "lowest", "highest", "scale", "mean", "std");
    private static final Set<String> KEYS = Set.of(
            "sampleRate",
            "seconds",
            "features",
            "topK",
            "window",
            "hop",
            "mels",
            "lowest",
            "highest",
            "scale",
            "mean",
            "std");
    private static final String MEL = "mel";
    /** Numbers a row may have: some seconds of the finest spectrogram, or minutes of sound. */
    private static final long MAX_NUMBERS = 6_000_000;

    /**
     * Reads the options.
     *
     * @param declared the model's input, if it says; its rank tells whether there is a dimension for channels
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong
     */
    static AudioClassifierOptions of(ModelSpec spec, Optional<TensorSpec> declared) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "audioClassifier");
        options.allowOnly(KEYS);
        int rate = options.integer("sampleRate", 1000, 192_000, 16_000);
        int samples = (int) Math.rint(rate * options.number("seconds", 0.01, 120, 1));
        boolean isMel = options.word("features", List.of("waveform", MEL))
                .map(MEL::equals)
                .orElse(false);
        Optional<MelOptions> mel = isMel ? Optional.of(mel(options, rate, samples)) : Optional.empty();
        if (!isMel) {
            MEL_KEYS.stream().filter(options::has).findFirst().ifPresent(key -> {
                throw options.refused(key, "absent, since features is not mel");
            });
        }
        Shape plain = mel.map(of -> Shape.of(of.mels(), of.frames(samples))).orElse(Shape.of(samples));
        if (plain.elementCount() > MAX_NUMBERS) {
            throw options.refused("seconds", "less, since " + plain + " numbers are above " + MAX_NUMBERS);
        }
        boolean hasChannel = declared.isPresent() && declared.get().shape().rank() == plain.rank() + 2;
        return new AudioClassifierOptions(
                rate,
                samples,
                mel,
                (float) options.number("mean", -1e6, 1e6, 0),
                (float) options.number("std", 1e-6, 1e6, 1),
                hasChannel ? plain.rows(1) : plain,
                options.integer("topK", 1, 100_000, 5));
    }

    private static MelOptions mel(OptionMap options, int rate, int samples) {
        int window = options.integer("window", 16, 16_384, 400);
        if (window % 2 != 0) {
            throw options.refused("window", "an even number");
        }
        double half = rate / 2.0;
        double lowest = options.number("lowest", 0, half, 0);
        double highest = options.number("highest", 0, half, half);
        if (highest <= lowest) {
            throw options.refused("highest", "more than lowest, " + lowest);
        }
        List<String> scales = List.of("power", "log", "decibel");
        MelScale scale =
                MelScale.valueOf(options.word("scale", scales).orElse("log").toUpperCase(Locale.ROOT));
        MelOptions mel = new MelOptions(
                rate,
                window,
                options.integer("hop", 1, 16_384, window / 2),
                options.integer("mels", 1, 512, 128),
                lowest,
                highest,
                scale);
        if (samples < mel.fewestSamples()) {
            throw options.refused(
                    "window", "at most " + (2 * samples - 2) + ", since there are " + samples + " samples");
        }
        return mel;
    }
}
