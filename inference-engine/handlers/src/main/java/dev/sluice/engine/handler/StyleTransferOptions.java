// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImageEncoder;
import dev.sluice.engine.handler.image.ValueRange;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code handler.styleTransfer} in a model's configuration file says. All of it may be left out.
 *
 * <table>
 * <caption>Keys, besides those of {@link ImageInput}</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code outputRange}</td><td>{@code 0..1}, {@code 0..255} or {@code -1..1}</td><td>{@code 0..1}</td></tr>
 * <tr><td>{@code output}</td><td>{@code png} or {@code jpeg}, where a request does not ask for one of them</td>
 *     <td>{@code png}</td></tr>
 * </table>
 *
 * @param outputRange what the model's numbers mean; bytes mean themselves
 */
record StyleTransferOptions(ImageInput input, ValueRange outputRange, ImageEncoder encoder) {
    static final String HANDLER = "style_transfer";
    private static final String JPEG = "jpeg";

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key or the input that is wrong */
    static StyleTransferOptions of(ModelSpec spec, Signature signature) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "styleTransfer");
        Set<String> keys = new HashSet<>(ImageInput.KEYS);
        keys.addAll(Set.of("outputRange", "output"));
        options.allowOnly(keys);
        boolean isJpeg =
                options.word("output", List.of("png", JPEG)).map(JPEG::equals).orElse(false);
        return new StyleTransferOptions(
                ImageInput.of(HANDLER, options, signature, ImageInput.STRETCH),
                ImageInput.range(options, "outputRange"),
                isJpeg ? ImageEncoder.JPEG : ImageEncoder.PNG);
    }
}
