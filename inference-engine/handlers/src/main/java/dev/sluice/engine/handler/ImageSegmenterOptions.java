// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.model.ModelSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code handler.imageSegmenter} in a model's configuration file says. All of it may be left out, which gives the fixed
 * values of the original.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/image_segmenter.py} for the defaults; the keys are ours.
 *
 * <table>
 * <caption>Keys, besides those of {@link ImageClassifierOptions} but for {@code topK}</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code output}</td><td>{@code pixels} for lists, {@code mask} for a PNG</td><td>{@code pixels}</td></tr>
 * <tr><td>{@code maxPixels}</td><td>1..16777216 of an answer in lists</td><td>1048576</td></tr>
 * </table>
 *
 * @param isMask whether answers are a PNG file of class numbers
 * @param maxPixels of an answer in lists, each of which takes about 80 bytes
 */
record ImageSegmenterOptions(ImagePipeline pipeline, boolean isMask, int maxPixels) {
    private static final Set<String> OWN = Set.of("output", "maxPixels");
    private static final String MASK = "mask";

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static ImageSegmenterOptions of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "imageSegmenter");
        Set<String> keys = new HashSet<>(ImageClassifierOptions.PIPELINE_KEYS);
        keys.addAll(OWN);
        options.allowOnly(keys);
        boolean isMask = options.word("output", List.of("pixels", MASK))
                .map(MASK::equals)
                .orElse(false);
        return new ImageSegmenterOptions(
                ImageClassifierOptions.pipeline(options),
                isMask,
                options.integer("maxPixels", 1, 16_777_216, 1_048_576));
    }
}
