// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

/**
 * What {@link EngineProvider#fileSuffixes} means: an ending with its dot, {@code .onnx}, or a whole name, {@code saved_model.pb}, for
 * formats that are a folder with a file of that name in it.
 */
public final class FileSuffixes {
    private FileSuffixes() {}

    /** Whether a suffix is the whole name of a file. */
    public static boolean isWholeName(String suffix) {
        return !suffix.startsWith(".");
    }

    /** Whether {@code file}, a name or a path with {@code /} in it, is named like {@code suffix} says. */
    public static boolean fits(String suffix, String file) {
        String name = file.substring(file.lastIndexOf('/') + 1);
        return isWholeName(suffix) ? name.equals(suffix) : name.length() > suffix.length() && name.endsWith(suffix);
    }
}
