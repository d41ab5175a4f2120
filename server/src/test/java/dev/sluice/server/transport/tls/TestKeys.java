// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Keys for {@code localhost}, made on the spot by the JDK's own tool. */
public final class TestKeys {
    public static final String PASSWORD = "changeit";

    private TestKeys() {}

    /** A store with one key and its certificate, of {@code type}. */
    public static Path store(Path directory, String algorithm, String type) {
        Path file = directory.resolve(algorithm + "." + type.toLowerCase(Locale.ROOT));
        try {
            // As a user would: there is no public interface to make certificates.
            Process tool = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "server",
                            "-keyalg",
                            algorithm,
                            "-validity",
                            "2",
                            "-dname",
                            "CN=localhost",
                            "-ext",
                            "SAN=dns:localhost,dns:models.example.org,ip:127.0.0.1",
                            "-storetype",
                            type,
                            "-keystore",
                            file.toString(),
                            "-storepass",
                            PASSWORD,
                            "-keypass",
                            PASSWORD)
                    .redirectErrorStream(true)
                    .start();
            String output = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (tool.waitFor() != 0) {
                throw new IllegalStateException(output);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key and certificate of such a store. */
    public static TlsMaterial material(Path store, String type) {
        try {
            KeyStore keys = load(store, type);
            return new TlsMaterial(
                    (PrivateKey) keys.getKey("server", PASSWORD.toCharArray()),
                    Stream.of(keys.getCertificateChain("server"))
                            .map(X509Certificate.class::cast)
                            .toList());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A client's or server's context that has, and trusts, what is in {@code store} alone. */
    public static SSLContext context(Path store) {
        try {
            KeyStore keys = load(store, "PKCS12");
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("server", keys.getCertificate("server"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            own.init(keys, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore load(Path store, String type) {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance(type);
            keys.load(in, PASSWORD.toCharArray());
            return keys;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** PEM of any kind. */
    public static String pem(String type, byte[] content) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
    }

    /** The certificates of {@code material} in PEM. */
    public static String certificates(TlsMaterial material) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        material.chain().forEach(certificate -> {
            try {
                all.writeBytes(pem("CERTIFICATE", certificate.getEncoded()).getBytes(StandardCharsets.US_ASCII));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        });
        return all.toString(StandardCharsets.US_ASCII);
    }

    /** The innermost octet string of a PKCS#8 key: the key as RFC 8017 or RFC 5915 has it. */
    static byte[] traditional(PrivateKey key) {
        byte[] encoded = key.getEncoded();
        // SEQUENCE { INTEGER 0, SEQUENCE algorithm, OCTET STRING key }
        int at = contentOf(encoded, 0);
        at = contentOf(encoded, at) + lengthAt(encoded, at);
        at = contentOf(encoded, at) + lengthAt(encoded, at);
        int from = contentOf(encoded, at);
        return Arrays.copyOfRange(encoded, from, from + lengthAt(encoded, at));
    }

    /** The element that names the curve of a PKCS#8 key. */
    static byte[] curve(PrivateKey key) {
        byte[] encoded = key.getEncoded();
        int algorithm = contentOf(encoded, 0);
        algorithm = contentOf(encoded, algorithm) + lengthAt(encoded, algorithm);
        int at = contentOf(encoded, algorithm);
        at = contentOf(encoded, at) + lengthAt(encoded, at);
        return Arrays.copyOfRange(encoded, at, contentOf(encoded, at) + lengthAt(encoded, at));
    }

    /** The sequence {@code key} with {@code element} in it under the context tag 0. */
    static byte[] withTagged(byte[] key, byte[] element) {
        int from = contentOf(key, 0);
        byte[] tagged = new byte[element.length + 2];
        tagged[0] = (byte) 0xA0;
        tagged[1] = (byte) element.length;
        System.arraycopy(element, 0, tagged, 2, element.length);
        return Der.sequence(Arrays.copyOfRange(key, from, key.length), tagged);
    }

    private static int contentOf(byte[] bytes, int at) {
        int first = bytes[at + 1] & 0xFF;
        return at + 2 + (first < 0x80 ? 0 : first - 0x80);
    }

    private static int lengthAt(byte[] bytes, int at) {
        int first = bytes[at + 1] & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < first - 0x80; i++) {
            length = (length << 8) | (bytes[at + 2 + i] & 0xFF);
        }
        return length;
    }
}
