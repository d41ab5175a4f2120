// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.Fit;
import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.model.ModelSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code handler.imageClassifier} in a model's configuration file says. All of it may be left out, which gives the
 * fixed values of the original.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/image_classifier.py} for the defaults; the keys are ours.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code width}, {@code height}</td><td>1..4096 pixels</td><td>224</td></tr>
 * <tr><td>{@code channels}</td><td>3 for colour, 1 for grey</td><td>3</td></tr>
 * <tr><td>{@code resize}</td><td>{@code shorterSide} and cut out the centre, or {@code stretch}</td>
 *     <td>{@code shorterSide}</td></tr>
 * <tr><td>{@code resizeTo}</td><td>pixels of the shorter side, at least width and height</td><td>256</td></tr>
 * <tr><td>{@code mean}, {@code std}</td><td>one number per channel, for values in 0..1</td>
 *     <td>ImageNet's; none for grey</td></tr>
 * <tr><td>{@code topK}</td><td>1..100000 classes in an answer</td><td>5</td></tr>
 * </table>
 *
 * @param topK most classes in an answer
 */
record ImageClassifierOptions(ImagePipeline pipeline, int topK) {
    /** Those of {@link OptionMap} that {@link #pipeline} reads. */
    static final Set<String> PIPELINE_KEYS = Set.of("width", "height", "channels", "resize", "resizeTo", "mean", "std");

    private static final int MAX_SIDE = 4096;
    private static final String STRETCH = "stretch";
    private static final String SHORTER_SIDE = "shorterSide";
    private static final float[] IMAGENET_MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] IMAGENET_STD = {0.229f, 0.224f, 0.225f};

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static ImageClassifierOptions of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "imageClassifier");
        Set<String> keys = new HashSet<>(PIPELINE_KEYS);
        keys.add("topK");
        options.allowOnly(keys);
        return new ImageClassifierOptions(pipeline(options), options.integer("topK", 1, 100_000, 5));
    }

    /** What all keys but {@code topK} say. */
    static ImagePipeline pipeline(OptionMap options) {
        int width = options.integer("width", 1, MAX_SIDE, 224);
        int height = options.integer("height", 1, MAX_SIDE, 224);
        int channels = options.integer("channels", 1, 3, 3);
        if (channels == 2) {
            throw options.refused("channels", "1 or 3");
        }
        float[] mean = statistics(options, "mean", channels, IMAGENET_MEAN);
        float[] std = statistics(options, "std", channels, IMAGENET_STD);
        for (float divisor : std) {
            if (divisor <= 0) {
                throw options.refused("std", "numbers above 0");
            }
        }
        return new ImagePipeline(width, height, fit(options, width, height), mean, std);
    }

    /** ImageNet has statistics for colour only, so grey needs its own. */
    private static float[] statistics(OptionMap options, String key, int channels, float[] imageNet) {
        return options.numbers(key, channels).orElseGet(() -> {
            if (channels != imageNet.length) {
                throw options.refused(key, "a list of " + channels + " number");
            }
            return imageNet;
        });
    }

    private static Fit fit(OptionMap options, int width, int height) {
        String resize = options.word("resize", List.of(STRETCH, SHORTER_SIDE)).orElse(SHORTER_SIDE);
        if (resize.equals(STRETCH)) {
            if (options.has("resizeTo")) {
                throw options.refused("resizeTo", "absent, since resize is stretch");
            }
            return new Fit.Stretch();
        }
        int least = Math.max(width, height);
        int to = options.integer("resizeTo", least, MAX_SIDE, 256);
        if (to < least) {
            throw options.refused(
                    "resizeTo",
                    least + ".." + MAX_SIDE + ", since " + width + "x" + height
                            + " are cut out of the resized image; the default is 256");
        }
        return new Fit.ShorterSide(to);
    }
}
