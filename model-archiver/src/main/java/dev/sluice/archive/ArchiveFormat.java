// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.util.Arrays;
import java.util.Optional;

/** The layouts a model can be packed in. Source: torchserve.md section 6.1. */
public enum ArchiveFormat {
    /** {@code name.mar}: a zip file, deflated. */
    DEFAULT("default", ".mar"),
    /** {@code name.mar}: a zip file, stored. */
    ZIP_STORE("zip-store", ".mar"),
    /** {@code name.tar.gz}: everything below one top directory {@code name/}. */
    TGZ("tgz", ".tar.gz"),
    /** A directory {@code name}. */
    NO_ARCHIVE("no-archive", "");

    private final String flag;
    private final String suffix;

    ArchiveFormat(String flag, String suffix) {
        this.flag = flag;
        this.suffix = suffix;
    }

    /** The word on the command line. */
    public String flag() {
        return flag;
    }

    /** What follows the model's name in the file name. */
    public String suffix() {
        return suffix;
    }

    /** The format that {@code flag} names, in exactly this spelling. */
    public static Optional<ArchiveFormat> ofFlag(String flag) {
        return Arrays.stream(values())
                .filter(format -> format.flag.equals(flag))
                .findFirst();
    }
}
