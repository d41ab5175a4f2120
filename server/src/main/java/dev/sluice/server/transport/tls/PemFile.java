// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PEM file: a private key in the forms OpenSSL writes, or certificates.
 *
 * <p><b>Errors:</b> {@link IllegalArgumentException} saying what was expected instead.
 *
 * <p>Source: RFC 7468; RFC 8017 appendix A.1 and RFC 5915 for the older forms of keys.
 */
final class PemFile {
    /** No key and no chain is near this. */
    private static final long MAX_BYTES = 1 << 20;

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s*((?:[A-Za-z-]+:.*\\R)*)([^-]*)-----END \\1-----");
    private static final String ENCRYPTED = "ENCRYPTED";
    private static final String ENCRYPTED_KEY = "ENCRYPTED PRIVATE KEY";
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

    /** {@code 1.2.840.113549.1.1.1} with its absent parameters. */
    private static final byte[] RSA_ALGORITHM = Der.sequence(Der.hex("06092a864886f70d010101"), Der.hex("0500"));

    /** {@code 1.2.840.10045.2.1}, which the curve follows. */
    private static final byte[] EC_OID = Der.hex("06072a8648ce3d0201");

    private final List<Block> blocks;

    private record Block(String type, String text) {
        byte[] content() {
            return Base64.getMimeDecoder().decode(text);
        }
    }

    private PemFile(List<Block> blocks) {
        this.blocks = blocks;
    }

    static PemFile read(Path file) {
        List<Block> blocks = new ArrayList<>();
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IllegalArgumentException("a file of at most " + MAX_BYTES + " bytes");
            }
            Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
            while (block.find()) {
                boolean isEncrypted = block.group(2).contains(ENCRYPTED);
                blocks.add(new Block(isEncrypted ? ENCRYPTED_KEY : block.group(1), block.group(3)));
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("a file that can be read", e);
        }
        return new PemFile(blocks);
    }

    /** All certificates, the server's own first. */
    List<X509Certificate> certificates() throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks) {
            if (block.type().equals("CERTIFICATE") || block.type().equals("X509 CERTIFICATE")) {
                certificates.add(
                        (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.content())));
            }
        }
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("certificates in PEM, which begin with -----BEGIN CERTIFICATE-----");
        }
        return certificates;
    }

    /** The first private key. */
    PrivateKey privateKey() throws GeneralSecurityException {
        for (Block block : blocks) {
            Optional<byte[]> encoded = pkcs8(block);
            if (encoded.isPresent()) {
                return read(encoded.get());
            }
        }
        throw new IllegalArgumentException("a private key in PEM, such as -----BEGIN PRIVATE KEY-----");
    }

    /** In the newer form; empty for parameters and certificates, which may stand before it. */
    private Optional<byte[]> pkcs8(Block block) {
        return switch (block.type()) {
            case "PRIVATE KEY" -> Optional.of(block.content());
            case "RSA PRIVATE KEY" -> Optional.of(framed(RSA_ALGORITHM, block));
            case "EC PRIVATE KEY" -> Optional.of(framed(Der.sequence(EC_OID, curve(block.content())), block));
            case ENCRYPTED_KEY ->
                throw new IllegalArgumentException(
                        "a key without a password; use a keystore for one that has one, or decrypt it with"
                                + " 'openssl pkey'");
            default -> Optional.empty();
        };
    }

    private static byte[] framed(byte[] algorithm, Block block) {
        return Der.sequence(Der.ZERO, algorithm, Der.octets(block.content()));
    }

    private byte[] curve(byte[] key) {
        return Der.taggedIn(key, 0)
                .or(this::namedBefore)
                .orElseThrow(() -> new IllegalArgumentException("a key that names its curve"));
    }

    /** OpenSSL writes the curve once more before the key. */
    private Optional<byte[]> namedBefore() {
        return blocks.stream()
                .filter(block -> block.type().equals("EC PARAMETERS"))
                .map(Block::content)
                .findFirst();
    }

    private static PrivateKey read(byte[] encoded) throws GeneralSecurityException {
        GeneralSecurityException last = null;
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (GeneralSecurityException e) {
                last = e;
            }
        }
        throw new IllegalArgumentException("a key of RSA, an elliptic curve or Ed25519", last);
    }
}
