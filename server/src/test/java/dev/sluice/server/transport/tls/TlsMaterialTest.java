// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ServingException;
import dev.sluice.server.config.TlsConfig;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.ECPrivateKey;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsMaterialTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"RSA,PKCS12", "RSA,JKS", "EC,PKCS12"})
    void readsTheKeyOfStores(String algorithm, String type) {
        Path store = TestKeys.store(directory, algorithm, type);

        TlsMaterial material = TlsMaterial.of(storeConfig(store, TestKeys.PASSWORD, type), "inference_address");

        assertThat(material).isEqualTo(TestKeys.material(store, type));
        assertThat(TlsContext.http(material)
                        .newHandler(ByteBufAllocator.DEFAULT)
                        .engine()
                        .getUseClientMode())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"RSA,PRIVATE KEY", "RSA,RSA PRIVATE KEY", "EC,PRIVATE KEY"})
    void readsKeysInPem(String algorithm, String form) throws IOException {
        TlsMaterial expected = TestKeys.material(TestKeys.store(directory, algorithm, "PKCS12"), "PKCS12");
        byte[] key = form.equals("PRIVATE KEY")
                ? expected.privateKey().getEncoded()
                : TestKeys.traditional(expected.privateKey());

        TlsMaterial material =
                TlsMaterial.of(pem(TestKeys.pem(form, key), TestKeys.certificates(expected)), "inference_address");

        assertThat(material.privateKey().getEncoded())
                .isEqualTo(expected.privateKey().getEncoded());
        assertThat(material.chain()).isEqualTo(expected.chain());
    }

    /** OpenSSL names the curve in the key, before it, or both. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsKeysOfCurvesAsOpenSslWritesThem(boolean named) throws IOException {
        TlsMaterial expected = TestKeys.material(TestKeys.store(directory, "EC", "PKCS12"), "PKCS12");
        byte[] key = TestKeys.traditional(expected.privateKey());
        byte[] curve = TestKeys.curve(expected.privateKey());
        String text = named
                ? TestKeys.pem("EC PRIVATE KEY", TestKeys.withTagged(key, curve))
                : TestKeys.pem("EC PARAMETERS", curve) + TestKeys.pem("EC PRIVATE KEY", key);

        TlsMaterial material = TlsMaterial.of(pem(text, TestKeys.certificates(expected)), "inference_address");

        assertThat(material.privateKey())
                .isInstanceOfSatisfying(
                        ECPrivateKey.class,
                        read -> assertThat(read.getS()).isEqualTo(((ECPrivateKey) expected.privateKey()).getS()));
    }

    @Test
    void saysWhichSettingsAreMissing() {
        assertThatThrownBy(() -> TlsMaterial.of(none(), "inference_address: https://127.0.0.1:8443"))
                .isInstanceOf(ServingException.class)
                .hasMessage(
                        "inference_address: https://127.0.0.1:8443 wants TLS, and there is no key (expected: keystore"
                                + " and keystore_pass, or private_key_file and certificate_file); no certificate is made up");
    }

    @Test
    void refusesStoreWithAnotherPassword() {
        Path store = TestKeys.store(directory, "EC", "PKCS12");

        assertThatThrownBy(() -> TlsMaterial.of(storeConfig(store, "wrong", "PKCS12"), ""))
                .isInstanceOf(ServingException.class)
                .hasMessage("keystore: " + store + " (expected: a PKCS12 store that keystore_pass opens)");
    }

    @Test
    void refusesCertificateOfAnotherKey() throws IOException {
        TlsMaterial one = TestKeys.material(TestKeys.store(directory, "EC", "PKCS12"), "PKCS12");
        TlsMaterial other = TestKeys.material(
                TestKeys.store(Files.createDirectory(directory.resolve("other")), "EC", "PKCS12"), "PKCS12");
        TlsConfig config =
                pem(TestKeys.pem("PRIVATE KEY", one.privateKey().getEncoded()), TestKeys.certificates(other));

        assertThatThrownBy(() -> TlsMaterial.of(config, ""))
                .isInstanceOf(ServingException.class)
                .hasMessageEndingWith("(expected: the certificate of the private key, first in the file)");
    }

    @ParameterizedTest
    @CsvSource({
        "'',a private key in PEM",
        "'no pem',a private key in PEM",
        "'-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----',a key without a password",
        "'-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----',"
                + "a key without a password",
        "'-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----',a key that names its curve",
        "'-----BEGIN EC PRIVATE KEY-----\nMIT/////\n-----END EC PRIVATE KEY-----',a key that is whole",
        "'-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----','a key of RSA, an elliptic curve or Ed25519'",
    })
    void refusesWhatIsNoKey(String key, String expected) throws IOException {
        TlsConfig config = pem(key, "");

        assertThatThrownBy(() -> TlsMaterial.of(config, ""))
                .isInstanceOf(ServingException.class)
                .hasMessageStartingWith(
                        "private_key_file: " + directory.resolve("key.pem") + " (expected: " + expected);
    }

    @Test
    void keepsTheKeyOutOfItsText() {
        TlsMaterial material = TestKeys.material(TestKeys.store(directory, "EC", "PKCS12"), "PKCS12");

        assertThat(material).hasToString("TlsMaterial[CN=localhost]");
    }

    private TlsConfig pem(String key, String certificate) throws IOException {
        return new TlsConfig(
                Optional.empty(),
                "",
                "PKCS12",
                Optional.of(Files.writeString(directory.resolve("key.pem"), key)),
                Optional.of(Files.writeString(directory.resolve("cert.pem"), certificate)));
    }

    private static TlsConfig storeConfig(Path store, String password, String type) {
        return new TlsConfig(Optional.of(store), password, type, Optional.empty(), Optional.empty());
    }

    private static TlsConfig none() {
        return new TlsConfig(Optional.empty(), "changeit", "PKCS12", Optional.empty(), Optional.empty());
    }
}
