// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

/** Sizes as people read them. */
public final class Megabytes {
    private static final double MILLION = 1e6;

    private Megabytes() {}

    /** {@code 112 MB}; below one, {@code 0.3 MB}. */
    public static String of(long bytes) {
        double megabytes = bytes / MILLION;
        return megabytes >= 1
                ? Math.round(megabytes) + " MB"
                : Math.max(0.1, Math.round(megabytes * 10) / 10.0) + " MB";
    }
}
