// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.List;
import java.util.regex.Pattern;

/** What models and versions may be called, and what a model without a name is called. */
final class ModelNames {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}");
    private static final Pattern NON_WORD = Pattern.compile("\\W");
    private static final List<String> ARCHIVES = List.of(".mar", ".model");

    private ModelNames() {}

    static String checkedName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "model_name: " + shown(name) + " (expected: 1..128 letters, digits, '_', '.' or '-',"
                            + " starting with a letter, digit or '_')");
        }
        return name;
    }

    static String checkedVersion(String version) {
        if (!VERSION.matcher(version).matches()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "modelVersion: " + shown(version) + " (expected: 1..64 letters, digits, '_', '.', '+' or '-',"
                            + " starting with a letter, digit or '_')");
        }
        return version;
    }

    /**
     * The name of a model that has none: its file's, with what is no word character replaced, as TorchServe does.
     *
     * <p>Source: torchserve.md section 5.4.
     */
    static String fromFile(String file, ModelFinder finder) {
        boolean isArchive = ARCHIVES.stream().anyMatch(file::endsWith);
        String stem = isArchive ? file.substring(0, file.lastIndexOf('.')) : finder.stem(file);
        String name = NON_WORD.matcher(stem).replaceAll("_");
        return name.length() <= 128 ? name : name.substring(0, 128);
    }

    private static String shown(String value) {
        String printable = value.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= 128 ? printable : printable.substring(0, 128) + "...";
    }
}
