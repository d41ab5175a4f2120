// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.tls;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.TlsConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The server's private key and its certificate, with those above it. They belong together: that is tried when they are read.
 *
 * <p><b>Errors:</b> {@code INVALID_INPUT} naming the setting. There is no key of last resort: one that nobody can know is one
 * that everybody has to trust unseen.
 *
 * <p>Source: torchserve.md section 5.6.
 *
 * @param chain the server's own certificate first
 */
public record TlsMaterial(PrivateKey privateKey, List<X509Certificate> chain) {
    private static final byte[] PROBE = "probe".getBytes(StandardCharsets.US_ASCII);

    public TlsMaterial {
        chain = List.copyOf(chain);
    }

    /**
     * What {@code config} names.
     *
     * @param wantedBy the setting that asks for TLS, for the message when there is nothing
     */
    public static TlsMaterial of(TlsConfig config, String wantedBy) {
        if (config.keystore().isPresent()) {
            return fromStore(config, config.keystore().get());
        }
        if (config.privateKey().isPresent() && config.certificate().isPresent()) {
            return fromPem(config.privateKey().get(), config.certificate().get());
        }
        throw new ServingException(
                ErrorCode.INVALID_INPUT,
                wantedBy + " wants TLS, and there is no key (expected: keystore and keystore_pass, or private_key_file"
                        + " and certificate_file); no certificate is made up");
    }

    private static TlsMaterial fromStore(TlsConfig config, Path file) {
        char[] password = config.keystorePassword().toCharArray();
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance(config.keystoreType());
            store.load(in, password);
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias) && store.getKey(alias, password) instanceof PrivateKey key) {
                    return checked("keystore: " + file, key, certificates(store.getCertificateChain(alias)));
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            throw refused("keystore: " + file, "a " + config.keystoreType() + " store that keystore_pass opens", e);
        }
        throw refused("keystore: " + file, "a store with a private key in it", null);
    }

    private static List<X509Certificate> certificates(Certificate[] chain) {
        return Stream.of(chain).map(X509Certificate.class::cast).toList();
    }

    private static TlsMaterial fromPem(Path keyFile, Path certificateFile) {
        String where = "private_key_file: " + keyFile;
        try {
            PrivateKey key = PemFile.read(keyFile).privateKey();
            where = "certificate_file: " + certificateFile;
            return checked(where, key, PemFile.read(certificateFile).certificates());
        } catch (IllegalArgumentException e) {
            throw refused(where, String.valueOf(e.getMessage()), e);
        } catch (GeneralSecurityException e) {
            throw refused(where, "one that the JDK understands: " + e.getMessage(), e);
        }
    }

    private static TlsMaterial checked(String where, PrivateKey key, List<X509Certificate> chain)
            throws GeneralSecurityException {
        String algorithm = algorithm(key);
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        signing.update(PROBE);
        byte[] signature = signing.sign();
        Signature verifying = Signature.getInstance(algorithm);
        try {
            verifying.initVerify(chain.get(0).getPublicKey());
            verifying.update(PROBE);
            if (verifying.verify(signature)) {
                return new TlsMaterial(key, chain);
            }
        } catch (GeneralSecurityException e) {
            throw refused(where, "the certificate of the private key, first in the file", e);
        }
        throw refused(where, "the certificate of the private key, first in the file", null);
    }

    private static String algorithm(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
    }

    private static ServingException refused(String value, String expected, @Nullable Exception cause) {
        String message = value + " (expected: " + expected + ")";
        return cause == null
                ? new ServingException(ErrorCode.INVALID_INPUT, message)
                : new ServingException(ErrorCode.INVALID_INPUT, message, cause);
    }

    @Override
    public String toString() {
        return "TlsMaterial[" + chain.get(0).getSubjectX500Principal() + "]";
    }
}
