// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.util.Optional;

/** The file formats that can be decoded, told apart by their first bytes and never by a content type. */
enum ImageFormat {
    PNG("png", "\u0089PNG\r\n\u001a\n"),
    JPEG("jpeg", "\u00ff\u00d8\u00ff"),
    GIF("gif", "GIF8"),
    BMP("bmp", "BM");

    private final String readerName;
    /** One character per byte. */
    private final String signature;

    ImageFormat(String readerName, String signature) {
        this.readerName = readerName;
        this.signature = signature;
    }

    /** Name under which ImageIO keeps a reader for it. */
    String readerName() {
        return readerName;
    }

    static Optional<ImageFormat> of(byte[] file) {
        for (ImageFormat format : values()) {
            if (format.begins(file)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    private boolean begins(byte[] file) {
        if (file.length < signature.length()) {
            return false;
        }
        for (int i = 0; i < signature.length(); i++) {
            if ((file[i] & 0xff) != signature.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
