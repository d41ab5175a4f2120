// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.ByteBuffer;

/**
 * What happens to a decoded image on its way into a model: it is brought to size, scaled to 0..1 and normalised, which
 * gives a row {@code [channels, height, width]} of FP32.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/image_classifier.py}; the arithmetic is that of torchvision's {@code
 * Resize}, {@code CenterCrop}, {@code ToTensor} and {@code Normalize} on Pillow images.
 */
public final class ImagePipeline {
    /** Pixels a resized image may have; only stripes that are thousands of times longer than wide get there. */
    private static final long MAX_RESIZED_PIXELS = ImageDecoder.DEFAULT_MAX_PIXELS;

    private final int width;
    private final int height;
    private final int channels;
    private final Fit fit;
    /** Normalised value of each sample value: {@code [channels][256]}. */
    private final float[][] normalised;

    /**
     * @param mean one per channel, taken off values in 0..1
     * @param std one per channel, what they are then divided by
     */
    public ImagePipeline(int width, int height, Fit fit, float[] mean, float[] std) {
        this.width = width;
        this.height = height;
        this.channels = mean.length;
        this.fit = fit;
        this.normalised = new float[channels][256];
        for (int channel = 0; channel < channels; channel++) {
            for (int value = 0; value < 256; value++) {
                normalised[channel][value] = (value / 255f - mean[channel]) / std[channel];
            }
        }
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    public int channels() {
        return channels;
    }

    /**
     * The image at the model's width and height, still as bytes.
     *
     * @param image of {@link #channels()} channels
     * @throws ServingException {@code INVALID_INPUT} if it is so long and thin that it cannot be scaled
     */
    public Pixels fit(Pixels image) {
        if (fit instanceof Fit.ShorterSide shorter) {
            return cutCentre(image, shorter.to());
        }
        BilinearResize.requireStripe(image, width);
        return BilinearResize.resize(image, width, height, Window.all(width, height));
    }

    private Pixels cutCentre(Pixels image, int to) {
        int shorter = Math.min(image.width(), image.height());
        int longer = Math.max(image.width(), image.height());
        // Python's int(to * longer / shorter): one correctly rounded division, then the fraction is cut off.
        long scaled = (long) ((double) ((long) to * longer) / shorter);
        if (scaled * to > MAX_RESIZED_PIXELS) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "image: " + image.width() + "x" + image.height() + " pixels would be resized to " + to + "x"
                            + scaled + " (expected: at most " + MAX_RESIZED_PIXELS + " pixels)");
        }
        boolean isUpright = image.width() <= image.height();
        int wide = isUpright ? to : (int) scaled;
        int high = isUpright ? (int) scaled : to;
        Window centre = new Window(margin(wide, width), margin(high, height), width, height);
        return BilinearResize.resize(image, wide, high, centre);
    }

    /** Halves are rounded to the even neighbour, as Python's {@code round} does. */
    private static int margin(int size, int wanted) {
        return (int) Math.rint((size - wanted) / 2.0);
    }

    /** Writes {@code fitted} as one row; {@code target} is little-endian and moves on by its size. */
    public void write(Pixels fitted, ByteBuffer target) {
        byte[] samples = fitted.samples();
        float[] plane = new float[width * height];
        for (int channel = 0; channel < channels; channel++) {
            float[] values = normalised[channel];
            for (int i = 0, at = channel; i < plane.length; i++, at += channels) {
                plane[i] = values[samples[at] & 0xff];
            }
            target.asFloatBuffer().put(plane);
            target.position(target.position() + plane.length * Float.BYTES);
        }
    }
}
