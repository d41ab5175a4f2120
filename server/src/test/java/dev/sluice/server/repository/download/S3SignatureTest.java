// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests, keys and signatures are those of the examples in AWS's description of the algorithm. */
class S3SignatureTest {
    private static final Instant NOW = Instant.parse("2013-05-24T00:00:00Z");
    private static final S3Credentials CREDENTIALS = new S3Credentials(
            "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", Optional.empty());

    @ParameterizedTest
    @CsvSource({
        "lifecycle,fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        "max-keys=2&prefix=J,34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        "prefix=J&max-keys=2,34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    })
    void signsQueries(String query, String signature) {
        Map<String, String> headers =
                S3Signature.headers(URI.create("https://examplebucket.s3.amazonaws.com/?" + query), CREDENTIALS, NOW);

        assertThat(headers)
                .containsOnlyKeys("x-amz-content-sha256", "x-amz-date", "Authorization")
                .containsEntry("x-amz-date", "20130524T000000Z")
                .containsEntry(
                        "Authorization",
                        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                                + "SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=" + signature);
    }

    @Test
    void signsPathsAndFurtherHeaders() {
        TreeMap<String, String> headers = new TreeMap<>(Map.of(
                "host", "examplebucket.s3.amazonaws.com",
                "range", "bytes=0-9",
                "x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "x-amz-date", "20130524T000000Z"));

        Map<String, String> signed =
                S3Signature.sign(URI.create("https://examplebucket.s3.amazonaws.com/test.txt"), headers, CREDENTIALS);

        assertThat(signed.get("Authorization"))
                .endsWith(",SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                        + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    }

    @Test
    void signsTheTokenOfTemporaryKeys() {
        S3Credentials temporary = new S3Credentials("a", "b", "eu-west-1", Optional.of("token"));

        Map<String, String> headers =
                S3Signature.headers(URI.create("https://b.s3.eu-west-1.amazonaws.com/m.mar"), temporary, NOW);

        assertThat(headers).containsEntry("x-amz-security-token", "token");
        assertThat(headers.get("Authorization"))
                .contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,");
        assertThat(temporary).hasToString("S3Credentials[eu-west-1]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://bucket.s3.amazonaws.com/m.mar",
                "https://s3.amazonaws.com/bucket/m.mar",
                "https://bucket.s3.eu-west-1.amazonaws.com/m.mar",
                "https://bucket.s3-us-west-2.amazonaws.com/m.mar",
                "https://S3.cn-north-1.amazonaws.com.cn/bucket/m.mar",
            })
    void knowsS3(String url) {
        assertThat(S3Signature.isS3(URI.create(url))).isTrue();
    }

    /** Whoever gets a signed request can send it again. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://bucket.s3.amazonaws.com/m.mar",
                "https://bucket.s3.amazonaws.com.evil.example/m.mar",
                "https://evils3.amazonaws.com/m.mar",
                "https://ec2.amazonaws.com/m.mar",
                "https://evil.example/s3.amazonaws.com/m.mar",
            })
    void takesNothingElseForS3(String url) {
        assertThat(S3Signature.isS3(URI.create(url))).isFalse();
    }

    @Test
    void findsCredentialsInTheEnvironment() {
        Map<String, String> all =
                Map.of("AWS_ACCESS_KEY_ID", "a", "AWS_SECRET_ACCESS_KEY", "b", "AWS_DEFAULT_REGION", "r");

        assertThat(S3Credentials.of(all)).contains(new S3Credentials("a", "b", "r", Optional.empty()));
        assertThat(S3Credentials.of(Map.of("AWS_ACCESS_KEY_ID", "a"))).isEmpty();
    }
}
