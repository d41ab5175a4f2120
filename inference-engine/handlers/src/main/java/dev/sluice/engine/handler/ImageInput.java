// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.Framing;
import dev.sluice.engine.handler.image.PixelLayout;
import dev.sluice.engine.handler.image.ValueRange;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How whole images, none of which is cut away, are fed to a model: what the options of its handler and its declared input agree
 * on.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code width}, {@code height}</td><td>1..4096 pixels, both or neither</td>
 *     <td>the model's, if it says; else images keep their size</td></tr>
 * <tr><td>{@code resize}</td><td>{@code stretch} or {@code letterbox}</td><td>the handler's</td></tr>
 * <tr><td>{@code maxPixels}</td><td>1..89478485 of an image that keeps its size</td><td>16777216</td></tr>
 * <tr><td>{@code layout}</td><td>{@code channelsFirst} or {@code channelsLast}</td>
 *     <td>as the model's input; {@code channelsFirst}</td></tr>
 * <tr><td>{@code range}</td><td>{@code 0..1}, {@code 0..255} or {@code -1..1}</td>
 *     <td>{@code 0..1}; bytes have none</td></tr>
 * <tr><td>{@code mean}, {@code std}</td><td>three numbers, for values in the range</td><td>0 and 1</td></tr>
 * </table>
 *
 * @param hasRows see {@link PixelRow}
 */
record ImageInput(PixelLayout layout, Framing framing, boolean hasRows) {
    /** Those of {@link OptionMap} that this reads. */
    static final Set<String> KEYS = Set.of("width", "height", "resize", "maxPixels", "layout", "range", "mean", "std");

    static final String LETTERBOX = "letterbox";
    static final String STRETCH = "stretch";
    private static final String LAST = "channelsLast";
    private static final String FIRST = "channelsFirst";
    private static final int CHANNELS = 3;
    private static final int MAX_SIDE = 4096;
    /** What the bars at the sides are filled with: the grey YOLO models are trained with. */
    private static final int BAR = 114;

    private static final int MAX_PIXELS = 16_777_216;

    /**
     * Reads the options for the model's only input.
     *
     * @param handler named in messages
     * @param resize how, if the options do not say
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if they contradict the signature, or themselves
     */
    static ImageInput of(String handler, OptionMap options, Signature signature, String resize) {
        Optional<TensorSpec> declared = InputCheck.imageInput(handler, signature);
        boolean hasRows = declared.isEmpty() || declared.get().shape().rank() == CHANNELS + 1;
        Optional<Shape> row = declared.map(input -> hasRows ? input.shape().row() : input.shape());
        boolean isLast = options.word("layout", List.of(FIRST, LAST))
                .map(LAST::equals)
                .orElse(row.isPresent()
                        && row.get().dimension(2) == CHANNELS
                        && row.get().dimension(0) != CHANNELS);
        DataType type = declared.map(TensorSpec::type).orElse(DataType.FP32);
        PixelLayout layout = layout(options, isLast, type);
        ImageInput input = new ImageInput(layout, framing(options, row, isLast, resize), hasRows);
        declared.ifPresent(spec -> input.check(handler, spec, row.orElseThrow()));
        return input;
    }

    private static PixelLayout layout(OptionMap options, boolean isLast, DataType type) {
        if (type == DataType.UINT8) {
            for (String key : List.of("range", "mean", "std")) {
                if (options.has(key)) {
                    throw options.refused(key, "absent, since the model takes bytes");
                }
            }
        }
        float[] std = options.numbers("std", CHANNELS).orElse(new float[] {1, 1, 1});
        for (float divisor : std) {
            if (divisor <= 0) {
                throw options.refused("std", "numbers above 0");
            }
        }
        float[] mean = options.numbers("mean", CHANNELS).orElse(new float[CHANNELS]);
        return new PixelLayout(isLast, type, range(options, "range"), mean, std);
    }

    /** The range {@code key} says; 0..1 if it is not there. */
    static ValueRange range(OptionMap options, String key) {
        List<ValueRange> ranges = List.of(ValueRange.values());
        Optional<String> label =
                options.word(key, ranges.stream().map(ValueRange::label).toList());
        return ranges.stream()
                .filter(range -> label.equals(Optional.of(range.label())))
                .findFirst()
                .orElse(ValueRange.UNIT);
    }

    private static Framing framing(OptionMap options, Optional<Shape> row, boolean isLast, String resize) {
        long declaredHeight = row.map(shape -> shape.dimension(isLast ? 0 : 1)).orElse(Shape.ANY);
        long declaredWidth = row.map(shape -> shape.dimension(isLast ? 1 : 2)).orElse(Shape.ANY);
        boolean isFixed = declaredHeight > 0 && declaredWidth > 0;
        if (!isFixed && !options.has("width") && !options.has("height")) {
            if (options.has("resize")) {
                throw options.refused("resize", "width and height beside it");
            }
            return new Framing.Keep(options.integer("maxPixels", 1, 89_478_485, MAX_PIXELS));
        }
        if (options.has("maxPixels")) {
            throw options.refused("maxPixels", "absent, since images are resized");
        }
        int width = options.integer("width", 1, MAX_SIDE, isFixed ? (int) declaredWidth : 0);
        int height = options.integer("height", 1, MAX_SIDE, isFixed ? (int) declaredHeight : 0);
        if (width == 0 || height == 0) {
            throw options.refused(width == 0 ? "width" : "height", "1.." + MAX_SIDE + ", since the other is set");
        }
        String how = options.word("resize", List.of(STRETCH, LETTERBOX)).orElse(resize);
        return how.equals(LETTERBOX) ? new Framing.Letterbox(width, height, BAR) : new Framing.Stretch(width, height);
    }

    private void check(String handler, TensorSpec declared, Shape row) {
        Shape made = madeRow();
        boolean fits = (layout.type() == DataType.FP32 || layout.type() == DataType.UINT8)
                && row.rank() == CHANNELS
                && overlaps(row, made);
        if (!fits) {
            Shape all = hasRows ? made.rows(Shape.ANY) : made;
            throw InputCheck.mismatch(handler, declared, "FP32 or UINT8 " + all + ", as the options are set");
        }
    }

    /** The shape of a row; {@link Shape#ANY} where images keep their size. */
    Shape madeRow() {
        if (framing instanceof Framing.Stretch stretch) {
            return layout.row(stretch.width(), stretch.height());
        }
        if (framing instanceof Framing.Letterbox box) {
            return layout.row(box.width(), box.height());
        }
        return layout.row(Shape.ANY, Shape.ANY);
    }

    private static boolean overlaps(Shape one, Shape other) {
        for (int i = 0; i < one.rank(); i++) {
            boolean isOpen = one.dimension(i) == Shape.ANY || other.dimension(i) == Shape.ANY;
            if (!isOpen && one.dimension(i) != other.dimension(i)) {
                return false;
            }
        }
        return true;
    }
}
