// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Which format a file has, told by how it begins: its name may end in anything, and {@code .json} and {@code .txt} promise little. */
final class ModelFormat {
    private static final int SHOWN = 16;

    private ModelFormat() {}

    /** @throws MalformedModelException if it is no model of either library, or damaged */
    static ModelFile read(byte[] content) {
        if (content.length > 1 && content[0] == '{') {
            boolean isText = content[1] == '"' || content[1] == '}' || (content[1] <= ' ' && content[1] > 0);
            return XgboostFile.read(isText ? new JsonModelReader(content) : new UbjsonModelReader(content));
        }
        if (startsWithLine(content, LightgbmFile.FIRST_LINE)) {
            return LightgbmFile.read(content);
        }
        throw new MalformedModelException(
                "it begins with "
                        + Numbers.shown(new String(
                                Arrays.copyOf(content, Math.min(SHOWN, content.length)), StandardCharsets.ISO_8859_1))
                        + " (expected: XGBoost's JSON or UBJSON, which begin with '{', or LightGBM's text, which begins with the line 'tree')");
    }

    private static boolean startsWithLine(byte[] content, String line) {
        byte[] wanted = line.getBytes(StandardCharsets.US_ASCII);
        return content.length > wanted.length
                && Arrays.equals(content, 0, wanted.length, wanted, 0, wanted.length)
                && (content[wanted.length] == '\n' || content[wanted.length] == '\r');
    }
}
