// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestJsonTest {
    private static Manifest read(String json) {
        return ManifestJson.read(json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void writesTheOriginalsLayoutToTheByte() {
        Manifest manifest = new Manifest(
                Optional.of("21/11/2026 13:07:45"),
                "python",
                Optional.empty(),
                new Manifest.Model(
                        Optional.of("densenet161"),
                        Optional.of("weights.pt"),
                        Optional.of("image_classifier"),
                        Optional.of("model.py"),
                        Optional.of("1.0 \u00e9"),
                        Map.of(),
                        Optional.of("requirements.txt"),
                        Optional.of("model-config.yaml"),
                        Optional.empty(),
                        Optional.empty()),
                Optional.of("0.12.0"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());

        assertThat(new String(ManifestJson.write(manifest), StandardCharsets.UTF_8))
                .isEqualTo("""
                        {
                          "createdOn": "21/11/2026 13:07:45",
                          "runtime": "python",
                          "model": {
                            "modelName": "densenet161",
                            "serializedFile": "weights.pt",
                            "handler": "image_classifier",
                            "modelFile": "model.py",
                            "modelVersion": "1.0 \\u00E9",
                            "requirementsFile": "requirements.txt",
                            "configFile": "model-config.yaml"
                          },
                          "archiverVersion": "0.12.0"
                        }""");
    }

    @Test
    void readsBackEveryKeyItWrites() {
        Manifest full = read("""
                {"createdOn": "c", "runtime": "python3", "description": "d", "archiverVersion": "v",
                 "modelServerVersion": "1.0", "implementationVersion": "i", "specificationVersion": "s", "unknown": [1],
                 "model": {"modelName": "n", "modelVersion": "2", "handler": "h", "serializedFile": "w", "modelFile": "m",
                  "requirementsFile": "r", "configFile": "y", "envelope": "json", "sourceVocab": "sv", "unknown": {},
                  "extensions": {"batchSize": 4, "nothing": null}}}""");

        assertThat(full.runtime()).isEqualTo("python3");
        assertThat(full.description()).contains("d");
        assertThat(full.modelServerVersion()).contains("1.0");
        assertThat(full.implementationVersion()).contains("i");
        assertThat(full.specificationVersion()).contains("s");
        assertThat(full.model().envelope()).contains("json");
        assertThat(full.model().sourceVocab()).contains("sv");
        assertThat(full.model().extensions()).containsEntry("batchSize", 4).containsEntry("nothing", null);
        assertThat(ManifestJson.read(ManifestJson.write(full))).isEqualTo(full);
    }

    @Test
    void everythingMayBeMissing() {
        assertThat(read("{}")).isEqualTo(Manifest.empty());
        assertThat(read("{\"model\": null, \"runtime\": null}")).isEqualTo(Manifest.empty());
        assertThat(Manifest.empty().runtime()).isEqualTo("python");
        assertThat(Manifest.empty().model().version()).isEqualTo("1.0");
    }

    @Test
    void numbersCountAsText() {
        assertThat(read("{\"model\": {\"modelVersion\": 1.5}}").model().version())
                .isEqualTo("1.5");
    }

    @Test
    void datesAManifestInTheOriginalsForm() {
        Manifest manifest = Manifest.of(Instant.parse("2026-11-03T23:05:09Z"), "python", Manifest.Model.empty());

        assertThat(manifest.createdOn()).contains("03/11/2026 23:05:09");
        assertThat(manifest.archiverVersion().orElseThrow()).matches("[0-9]+\\..*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "null",
                "\"text\"",
                "{",
                "{} {}",
                "{\"model\": []}",
                "{\"model\": {\"handler\": {}}}",
                "{\"runtime\": [\"python\"]}",
                "{\"model\": {\"extensions\": 1}}",
                "{\"a\": nan}"
            })
    void refusesWhatIsNoManifest(String json) {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> read(json))
                .withMessageStartingWith("manifest");
    }

    @Test
    void refusesNestingThatWouldOverflowTheStack() {
        String deep = "{\"x\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}";

        assertThatExceptionOfType(ArchiveException.class).isThrownBy(() -> read(deep));
    }
}
