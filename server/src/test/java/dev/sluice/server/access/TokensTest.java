// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.TokensConfig;
import dev.sluice.server.protocol.Plane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
    private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
    private static final String REFUSED =
            "Token Authorization failed. Token either incorrect, expired, or not provided correctly";

    @TempDir
    private Path directory;

    private Instant now = START;

    private Path file() {
        return directory.resolve("key_file.json");
    }

    private Tokens issue(boolean guardsMetrics) {
        Tokens tokens =
                Tokens.issue(new TokensConfig(false, file(), Duration.ofSeconds(90), false, guardsMetrics), () -> now);
        tokens.publish();
        return tokens;
    }

    private JsonNode written() {
        try {
            return new ObjectMapper().readTree(Files.readAllBytes(file()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Optional<String> bearer(String kind) {
        return Optional.of("Bearer " + written().path(kind).path("key").asText());
    }

    @Test
    void writesTokensInTheOriginalsForm() throws IOException {
        issue(false);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file())).startsWith("{\n  \"management\" : {\n    \"key\" : \"");
        JsonNode all = written();
        assertThat(all.fieldNames()).toIterable().containsExactly("management", "inference", "API");
        assertThat(all.at("/management/expiration time").asText()).isEqualTo("2026-01-02T03:05:35Z");
        assertThat(all.at("/inference/expiration time").asText()).isEqualTo("2026-01-02T03:05:35Z");
        assertThat(all.path("API").has("expiration time")).isFalse();
        List<String> keys = Stream.of("management", "inference", "API")
                .map(kind -> all.path(kind).path("key").asText())
                .toList();
        assertThat(keys).doesNotHaveDuplicates().allMatch(key -> key.matches("[A-Za-z0-9_-]{32}"));
        assertThat(directory.toFile().list()).containsExactly("key_file.json");
    }

    @ParameterizedTest
    @CsvSource({"management,MANAGEMENT", "inference,INFERENCE"})
    void letsEachTokenOpenItsOwnPlane(String kind, Plane plane) {
        Tokens tokens = issue(false);

        assertThatCode(() -> tokens.check(plane, bearer(kind))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"inference,MANAGEMENT", "API,MANAGEMENT", "management,INFERENCE", "API,INFERENCE"})
    void refusesTokensOfOtherKinds(String kind, Plane plane) {
        Tokens tokens = issue(false);

        assertRefused(tokens, plane, bearer(kind), ErrorCode.PERMISSION_DENIED);
    }

    @Test
    void refusesTokensThatHaveExpired() {
        Tokens tokens = issue(false);
        now = START.plusMillis(89_999);
        tokens.check(Plane.INFERENCE, bearer("inference"));
        now = START.plusSeconds(90);

        assertRefused(tokens, Plane.INFERENCE, bearer("inference"), ErrorCode.PERMISSION_DENIED);
        tokens.renew("inference", bearer("API"));
        tokens.check(Plane.INFERENCE, bearer("inference"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer",
                "Bearer ",
                "bearer KEY",
                "Basic KEY",
                "KEY",
                "Bearer KEY KEY",
                "Bearer KEY, Bearer KEY",
                " Bearer KEY"
            })
    void refusesHeadersOfAnotherForm(String header) {
        Tokens tokens = issue(false);
        String key = written().at("/inference/key").asText();

        assertRefused(tokens, Plane.INFERENCE, Optional.of(header.replace("KEY", key)), ErrorCode.UNAUTHENTICATED);
        assertRefused(tokens, Plane.INFERENCE, Optional.empty(), ErrorCode.UNAUTHENTICATED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "é", "\uD83D\uDD11"})
    void refusesWhatIsNoToken(String key) {
        assertRefused(issue(false), Plane.MANAGEMENT, Optional.of("Bearer " + key), ErrorCode.PERMISSION_DENIED);
    }

    @Test
    void refusesTokensThatOnlyBeginLikeOne() {
        Tokens tokens = issue(false);
        String key = written().at("/inference/key").asText();

        assertRefused(tokens, Plane.INFERENCE, Optional.of("Bearer " + key + "A"), ErrorCode.PERMISSION_DENIED);
        assertRefused(
                tokens, Plane.INFERENCE, Optional.of("Bearer " + key.substring(0, 31)), ErrorCode.PERMISSION_DENIED);
    }

    @Test
    void guardsMetricsOnlyIfAsked() {
        issue(false).check(Plane.METRICS, Optional.empty());

        Tokens tokens = issue(true);
        assertRefused(tokens, Plane.METRICS, Optional.empty(), ErrorCode.UNAUTHENTICATED);
        assertRefused(tokens, Plane.METRICS, bearer("inference"), ErrorCode.PERMISSION_DENIED);
        tokens.check(Plane.METRICS, bearer("management"));
    }

    @Test
    void stopsTheOldTokenWhenItIsRenewed() throws IOException {
        Tokens tokens = issue(false);
        Optional<String> old = bearer("management");
        Optional<String> other = bearer("inference");
        Optional<String> api = bearer("API");
        now = START.plusSeconds(10);

        tokens.renew("management", api);

        assertRefused(tokens, Plane.MANAGEMENT, old, ErrorCode.PERMISSION_DENIED);
        tokens.check(Plane.MANAGEMENT, bearer("management"));
        tokens.check(Plane.INFERENCE, other);
        assertThat(bearer("API")).isEqualTo(api);
        assertThat(written().at("/management/expiration time").asText()).isEqualTo("2026-01-02T03:05:45Z");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @CsvSource({"API,api", "API,''", "API,API", "API,MANAGEMENT", "management,management", "inference,inference"})
    void renewsNothingElse(String kind, String type) throws IOException {
        Tokens tokens = issue(false);
        String before = Files.readString(file());

        assertThatThrownBy(() -> tokens.renew(type, bearer(kind)))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PERMISSION_DENIED))
                .hasMessageStartingWith("Token Authentication failed.");
        assertThat(Files.readString(file())).isEqualTo(before);
    }

    @Test
    void keepsTheOldTokenIfTheNewOneCannotBeWritten() throws IOException {
        Tokens tokens = issue(false);
        Optional<String> old = bearer("inference");
        Optional<String> api = bearer("API");
        Files.delete(file());
        Files.createDirectory(file());

        assertThatThrownBy(() -> tokens.renew("inference", api)).isInstanceOf(ServingException.class);

        tokens.check(Plane.INFERENCE, old);
    }

    @Test
    void refusesToStartWhereTheFileCannotBeWritten() throws IOException {
        Files.createDirectory(file());

        assertThatThrownBy(() -> issue(false))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                .hasMessage("key_file: " + file() + " (expected: a file, not a directory; name another with --set"
                        + " key_file=FILE, or serve without tokens with --disable-token-auth)");
        assertThat(directory.toFile().list()).containsExactly("key_file.json");
    }

    @Test
    void writesThroughNoLinkThatSomebodyLeft() throws IOException {
        Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Files.createSymbolicLink(file(), victim);

        issue(false);

        assertThat(Files.readString(victim)).isEqualTo("precious");
        assertThat(Files.isSymbolicLink(file())).isFalse();
    }

    /** Workers see something empty instead of this very file: seen to fail when another one took its place. */
    @Test
    void writesNewTokensOverTheOldOnes() throws IOException {
        Tokens tokens = issue(false);
        Object file = Files.readAttributes(file(), BasicFileAttributes.class).fileKey();
        String before = written().path("inference").path("key").asText();
        tokens.renew("inference", bearer("API"));

        assertThat(Files.readAttributes(file(), BasicFileAttributes.class).fileKey())
                .isEqualTo(file);
        assertThat(written().path("inference").path("key").asText()).isNotEqualTo(before);
        assertThat(directory.toFile().list()).containsExactly("key_file.json");
    }

    /** One that somebody else made may be readable by all, or a link. */
    @Test
    void replacesAFileThatIsNoLongerItsOwn() throws IOException {
        Tokens tokens = issue(false);
        Path elsewhere = Files.writeString(directory.resolve("elsewhere"), Files.readString(file()));
        Files.delete(file());
        Files.createSymbolicLink(file(), elsewhere);
        String before = Files.readString(elsewhere);
        tokens.renew("inference", bearer("API"));

        assertThat(file()).isRegularFile().content().isNotEqualTo(before);
        assertThat(Files.isSymbolicLink(file())).isFalse();
        assertThat(elsewhere).hasContent(before);
    }

    @Test
    void removesItsOwnFileAtTheEnd() {
        issue(false).close();

        assertThat(file()).doesNotExist();
    }

    /** A server that could not listen must leave the file of the one that does. */
    @Test
    void touchesNoFileBeforeItPublishes() throws IOException {
        Files.writeString(file(), "another server's");

        Tokens.issue(new TokensConfig(false, file(), Duration.ofSeconds(90), false, false), () -> now)
                .close();

        assertThat(file()).hasContent("another server's");
    }

    @Test
    void leavesTheFileOfAnotherServer() {
        Tokens first = issue(false);
        Tokens second = issue(false);
        Optional<String> key = bearer("inference");

        first.close();

        assertThat(bearer("inference")).isEqualTo(key);
        second.check(Plane.INFERENCE, key);
    }

    @Test
    void keepsSecretsOutOfTexts() {
        assertThat(Token.random(new SecureRandom(), Optional.empty())).hasToString("Token[expires=Optional.empty]");
    }

    private static void assertRefused(Tokens tokens, Plane plane, Optional<String> header, ErrorCode code) {
        assertThatThrownBy(() -> tokens.check(plane, header))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(REFUSED);
    }
}
