// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the server's key and certificate are: in a store, or else in two PEM files. With neither, no listener can speak TLS.
 */
public record TlsConfig(
        Optional<Path> keystore,
        String keystorePassword,
        String keystoreType,
        Optional<Path> privateKey,
        Optional<Path> certificate) {
    static TlsConfig of(ConfigValues values) {
        return new TlsConfig(
                values.path(ConfigKey.KEYSTORE),
                values.text(ConfigKey.KEYSTORE_PASS).orElse(""),
                values.text(ConfigKey.KEYSTORE_TYPE).orElse("PKCS12"),
                values.path(ConfigKey.PRIVATE_KEY_FILE),
                values.path(ConfigKey.CERTIFICATE_FILE));
    }

    /** Whether there is a store, or a key together with a certificate. */
    public boolean isPresent() {
        return keystore.isPresent() || (privateKey.isPresent() && certificate.isPresent());
    }

    @Override
    public String toString() {
        return "TlsConfig[keystore=" + keystore + ", privateKey=" + privateKey + ", certificate=" + certificate + "]";
    }
}
