// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

/**
 * An image file whose header was read but whose pixels were not.
 *
 * @param bytes what the format's reader is given: the file, less the parts that must have no say (profiles, gamma,
 *     transparency, texts, thumbnails), because Pillow's conversions ignore them too and because they can be bombs
 * @param width of the whole picture, which may be larger than the frame
 * @param frame where the stored pixels lie in the picture
 * @param fillIndex palette entry of the pixels outside the frame
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
record EncodedImage(ImageFormat format, byte[] bytes, int width, int height, Window frame, int fillIndex) {
    /** A picture that is one frame. */
    static EncodedImage whole(ImageFormat format, byte[] bytes, int width, int height) {
        return new EncodedImage(format, bytes, width, height, Window.all(width, height), 0);
    }

    /**
     * Reads the header.
     *
     * @throws UndecodableException if it is not one of ours
     * @throws RuntimeException if it is cut short: bounds are left to the buffer to check
     */
    static EncodedImage of(ImageFormat format, byte[] file) throws UndecodableException {
        return switch (format) {
            case PNG -> PngFile.parse(file);
            case JPEG -> JpegFile.parse(file);
            case GIF -> GifFile.parse(file);
            case BMP -> BmpFile.parse(file);
        };
    }

    /** Pixels of the whole picture. */
    long pixelCount() {
        return (long) width * height;
    }
}
