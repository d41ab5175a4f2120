// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version this archiver writes into manifests: the build's, from a file the build fills in. */
final class ArchiverVersion {
    private static final String RESOURCE = "archiver.properties";

    private ArchiverVersion() {}

    static String current() {
        try (InputStream in = ArchiverVersion.class.getResourceAsStream(RESOURCE)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
