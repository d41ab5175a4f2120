// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedUrlsTest {
    private static final AllowedUrls MODELS = of("https://models\\.example\\.org/.*");

    private static AllowedUrls of(String... patterns) {
        return new AllowedUrls(Stream.of(patterns)
                .map(pattern -> Pattern.compile(pattern, Pattern.CASE_INSENSITIVE))
                .toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://models.example.org/a.mar",
                "HTTPS://Models.Example.ORG/a.mar",
                "https://models.example.org/deep/a.mar?versionId=1",
                "https://models.example.org/a.mar#sha256=00",
            })
    void allowsWhatMatchesWholly(String url) {
        assertThat(MODELS.check(url).toString()).doesNotContain("#");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://models.example.org/a.mar",
                "https://models.example.org.evil.example/a.mar",
                "https://evil.example/https://models.example.org/a.mar",
                "https://evil.example/#https://models.example.org/a.mar",
                "https://169.254.169.254/latest/meta-data",
                "file:///etc/passwd",
                "ftp://models.example.org/a.mar",
                "s3://models/a.mar",
                "jar:https://models.example.org/a.mar!/",
                "https://models.example.org\\@evil.example/a.mar",
                "https://models.example.org/a b.mar",
                "https://models.example.org/a\r\nHost: evil",
                "https://models.example.org/\u0000",
                "https://models.example.org/\u013F",
            })
    void refusesAnythingElse(String url) {
        assertThatThrownBy(() -> MODELS.check(url))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_NOT_FOUND))
                .hasMessage("Given URL " + url + " does not match any allowed URL(s)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://good@evil.example/a.mar",
                "https://good:pass@evil.example/a.mar",
                "https:///a.mar",
                "https:a.mar",
                "https://host_with_underscore/a.mar",
                "https://host:0/a.mar",
                "https://host:65536/a.mar",
                "file://host/a.mar",
                "gopher://host/a.mar",
            })
    void refusesUrlsThatCannotBeTrustedEvenIfEverythingIsAllowed(String url) {
        assertThatThrownBy(() -> of(".*").check(url))
                .isInstanceOf(ServingException.class)
                .hasMessage("Given URL " + url + " does not match any allowed URL(s)");
    }

    /** CVE-2024-35198. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://models.example.org/../a.mar",
                "https://models.example.org/a..mar",
                "https://models.example.org/%2e%2e/a.mar",
                "https://models.example.org/%2E./a.mar",
                "https://models.example.org/%252e%252e%252fa.mar",
                "https://models.example.org/%25252e%25252e/a.mar",
                "https://models.example.org/%25252525252525252525252e%2e/a.mar",
            })
    void refusesRelativePartsHoweverTheyAreWritten(String url) {
        assertThatThrownBy(() -> of(".*").check(url))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_NOT_FOUND))
                .hasMessage("Relative path is not allowed in url: " + url);
    }

    @Test
    void allowsNothingByDefault() {
        AllowedUrls none = new AllowedUrls(List.of());

        assertThat(none.find("https://models.example.org/a.mar")).isEmpty();
        assertThat(none.find("file:///a.mar")).isEmpty();
    }

    @Test
    void tellsWhichExpressionsAreWide() {
        assertThat(of(
                                ".*",
                                "https?://.*",
                                "file://.*|http(s)?://.*",
                                "https://models\\.example\\.org/.*",
                                "file:///models/.*")
                        .wide())
                .containsExactly(".*", "https?://.*", "file://.*|http(s)?://.*");
    }
}
