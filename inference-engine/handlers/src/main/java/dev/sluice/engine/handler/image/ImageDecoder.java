// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * Decodes PNG, JPEG, GIF and BMP files to 8-bit grey or colour, with the numbers Pillow's {@code convert} gives: alpha is
 * dropped, colour profiles, gamma and orientation are ignored, of an animation the first frame counts.
 *
 * <p>Readers get their input from memory, so no temporary files are made.
 *
 * <p><b>Threads:</b> confined to one thread.
 *
 * <p><b>Ownership:</b> {@link #close()} frees the readers' native memory.
 */
public final class ImageDecoder implements AutoCloseable {
    /** Pixels above which an image is taken for a decompression bomb: Pillow's limit, a quarter of 1 GiB at 3 bytes each. */
    public static final long DEFAULT_MAX_PIXELS = 89_478_485;

    /**
     * Longest side. JPEG and GIF cannot have a longer one; in the others it could only be a stripe, whose resizing would
     * cost more memory than its pixels.
     */
    private static final int MAX_SIDE = 65_535;

    private final long maxPixels;
    private final Map<ImageFormat, FormatReader> readers = new EnumMap<>(ImageFormat.class);

    public ImageDecoder(long maxPixels) {
        this.maxPixels = maxPixels;
    }

    /**
     * Decodes one file.
     *
     * @param channels 1 for grey, 3 for colour
     * @throws ServingException {@code INVALID_INPUT} if it is not an image that can be decoded, or has more pixels than
     *     allowed; {@code OUT_OF_MEMORY} if it does not fit the heap; nothing else
     */
    public Pixels decode(byte[] file, int channels) {
        ImageFormat format = ImageFormat.of(file).orElseThrow(() -> undecodable(file.length + " bytes"));
        try {
            EncodedImage encoded = EncodedImage.of(format, file);
            checkSize(encoded);
            FormatReader reader = readers.computeIfAbsent(format, FormatReader::new);
            return PixelCopy.copy(reader.read(encoded.bytes()), encoded, channels);
        } catch (UndecodableException e) {
            throw undecodable(e.reason());
        } catch (ServingException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            forget(format);
            throw new ServingException(ErrorCode.INVALID_INPUT, message("a damaged " + format), e);
        } catch (OutOfMemoryError e) {
            forget(format);
            throw ServingException.from(e);
        }
    }

    /**
     * Width and height of the image in {@code file}, from its headers alone.
     *
     * @throws ServingException {@code INVALID_INPUT} as {@link #decode}
     */
    public Window frame(byte[] file) {
        ImageFormat format = ImageFormat.of(file).orElseThrow(() -> undecodable(file.length + " bytes"));
        try {
            EncodedImage encoded = EncodedImage.of(format, file);
            checkSize(encoded);
            return Window.all(encoded.width(), encoded.height());
        } catch (UndecodableException e) {
            throw undecodable(e.reason());
        } catch (ServingException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, message("a damaged " + format), e);
        }
    }

    @Override
    public void close() {
        readers.values().forEach(FormatReader::close);
        readers.clear();
    }

    private void checkSize(EncodedImage encoded) throws UndecodableException {
        if (encoded.width() <= 0 || encoded.height() <= 0) {
            throw new UndecodableException("an image of " + encoded.width() + "x" + encoded.height() + " pixels");
        }
        if (encoded.pixelCount() > maxPixels || Math.max(encoded.width(), encoded.height()) > MAX_SIDE) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "image: " + encoded.width() + "x" + encoded.height() + " = " + encoded.pixelCount()
                            + " pixels (expected: at most " + maxPixels + ", no side above " + MAX_SIDE + ")");
        }
    }

    /** What failed half-way is in no known state. */
    private void forget(ImageFormat format) {
        FormatReader reader = readers.remove(format);
        if (reader != null) {
            reader.close();
        }
    }

    private static ServingException undecodable(String found) {
        return new ServingException(ErrorCode.INVALID_INPUT, message(found));
    }

    private static String message(String found) {
        return "image: the body is not an image this server can decode: " + found
                + " (expected: PNG, JPEG, GIF or BMP, as bytes or Base64 text)";
    }
}
