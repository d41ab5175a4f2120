// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;

/** How a whole image, none of it cut away, becomes one of the size a model takes, and back. */
public sealed interface Framing {
    /**
     * {@code image} as the model takes it.
     *
     * @throws ServingException {@code INVALID_INPUT} if it is larger than this allows
     */
    Pixels apply(Pixels image);

    /** Where the pixels of an image of this size lie in what {@link #apply} makes of it. */
    FrameMap map(int width, int height);

    /** As it is. */
    record Keep(long maxPixels) implements Framing {
        @Override
        public Pixels apply(Pixels image) {
            long pixels = (long) image.width() * image.height();
            if (pixels > maxPixels) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "image: " + image.width() + "x" + image.height() + " = " + pixels
                                + " pixels (expected: at most " + maxPixels + ", as maxPixels says)");
            }
            return image;
        }

        @Override
        public FrameMap map(int width, int height) {
            return FrameMap.IDENTITY;
        }
    }

    /** Both sides are set, whatever that does to the proportions. */
    record Stretch(int width, int height) implements Framing {
        @Override
        public Pixels apply(Pixels image) {
            BilinearResize.requireStripe(image, width);
            return BilinearResize.resize(image, width, height, Window.all(width, height));
        }

        @Override
        public FrameMap map(int imageWidth, int imageHeight) {
            return new FrameMap((double) width / imageWidth, (double) height / imageHeight, 0, 0);
        }
    }

    /** As large as fits, in the middle, with bars of {@code fill} at the sides. */
    record Letterbox(int width, int height, int fill) implements Framing {
        @Override
        public Pixels apply(Pixels image) {
            Window part = part(image.width(), image.height());
            Pixels small =
                    BilinearResize.resize(image, part.width(), part.height(), Window.all(part.width(), part.height()));
            return small.on(width, height, part.left(), part.top(), (byte) fill);
        }

        @Override
        public FrameMap map(int imageWidth, int imageHeight) {
            Window part = part(imageWidth, imageHeight);
            return new FrameMap(
                    (double) part.width() / imageWidth, (double) part.height() / imageHeight, part.left(), part.top());
        }

        /** Where the image ends up: at least one pixel, however thin it is. */
        private Window part(int imageWidth, int imageHeight) {
            double scale = Math.min((double) width / imageWidth, (double) height / imageHeight);
            int wide = (int) Math.max(1, Math.min(width, Math.rint(imageWidth * scale)));
            int high = (int) Math.max(1, Math.min(height, Math.rint(imageHeight * scale)));
            return new Window((width - wide) / 2, (height - high) / 2, wide, high);
        }
    }
}
