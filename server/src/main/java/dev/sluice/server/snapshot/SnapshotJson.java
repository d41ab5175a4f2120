// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.serving.DesiredModel;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.DesiredVersion;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The JSON under {@code model_snapshot}: the original's keys, which it can read, and one more object, {@code sluice}, with what
 * it has no keys for.
 *
 * <p>Source: torchserve.md section 10.
 */
final class SnapshotJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OURS = "sluice";

    private SnapshotJson() {}

    /**
     * What was read.
     *
     * @param listed see {@link Snapshot#listed}
     * @param inline see {@link Snapshot#inline}
     */
    record Content(DesiredModels models, Set<String> listed, Optional<String> inline) {}

    /** Pretty, in the order of names. */
    static String print(String file, Instant created, Content content) {
        SortedMap<String, DesiredModel> models = content.models().byName();
        ObjectNode root = JSON.createObjectNode();
        root.put("name", file);
        root.put("modelCount", models.size());
        root.put("created", created.toEpochMilli());
        ObjectNode byName = root.putObject("models");
        models.forEach((name, model) -> {
            ObjectNode versions = byName.putObject(name);
            model.byVersion()
                    .forEach((version, wanted) -> versions.set(
                            version, VersionJson.print(JSON.createObjectNode(), wanted, isDefault(model, wanted))));
        });
        root.set(OURS, ours(content));
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that was built in memory cannot be printed", e);
        }
    }

    private static boolean isDefault(DesiredModel model, DesiredVersion version) {
        return model.defaultVersion().equals(version.id().version());
    }

    private static ObjectNode ours(Content content) {
        ObjectNode ours = JSON.createObjectNode();
        ObjectNode chosen = ours.putObject("chosenDefaults");
        ObjectNode labels = ours.putObject("labels");
        content.models().byName().forEach((name, model) -> {
            if (model.isDefaultChosen()) {
                chosen.put(name, model.defaultVersion());
            }
            if (!model.labels().isEmpty()) {
                ObjectNode given = labels.putObject(name);
                model.labels().forEach(given::put);
            }
        });
        new TreeSet<>(content.listed()).forEach(ours.putArray("loadModels")::add);
        content.inline().ifPresent(fingerprint -> ours.put("inline", fingerprint));
        return ours;
    }

    /**
     * Reads what {@link #print} or the original wrote, or somebody by hand.
     *
     * @throws ServingException {@code INVALID_INPUT} for anything else
     */
    static Content read(String text) {
        try {
            JsonNode root = JSON.readTree(text);
            if (!root.path("models").isObject()) {
                throw new IllegalArgumentException(
                        "models: " + VersionJson.shown(root.path("models")) + " (expected: an object)");
            }
            JsonNode ours = root.path(OURS);
            return new Content(models(root.path("models"), ours), listed(ours), fingerprint(ours));
        } catch (JsonProcessingException e) {
            throw refused("not JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw refused(String.valueOf(e.getMessage()), e);
        }
    }

    private static ServingException refused(String why, Exception cause) {
        return new ServingException(ErrorCode.INVALID_INPUT, "model_snapshot: " + why, cause);
    }

    private static DesiredModels models(JsonNode byName, JsonNode ours) {
        SortedMap<String, DesiredModel> models = new TreeMap<>();
        long registration = 0;
        for (Map.Entry<String, JsonNode> model : byName.properties()) {
            TreeMap<String, DesiredVersion> versions = new TreeMap<>();
            Optional<String> defaultVersion = Optional.empty();
            for (Map.Entry<String, JsonNode> version : model.getValue().properties()) {
                VersionJson entry = new VersionJson(model.getKey(), version.getKey(), version.getValue());
                registration++;
                versions.put(version.getKey(), entry.version(registration));
                if (entry.isDefault() && defaultVersion.isEmpty()) {
                    defaultVersion = Optional.of(version.getKey());
                }
            }
            if (!versions.isEmpty()) {
                String chosen = defaultVersion.orElseGet(versions::firstKey);
                boolean isChosen = ours.isMissingNode()
                        ? versions.size() > 1
                        : ours.path("chosenDefaults")
                                .path(model.getKey())
                                .asText()
                                .equals(chosen);
                models.put(model.getKey(), new DesiredModel(chosen, isChosen, versions, labels(ours, model.getKey())));
            }
        }
        return new DesiredModels(models);
    }

    private static SortedMap<String, String> labels(JsonNode ours, String model) {
        SortedMap<String, String> labels = new TreeMap<>();
        ours.path("labels")
                .path(model)
                .properties()
                .forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
        return labels;
    }

    private static Set<String> listed(JsonNode ours) {
        Set<String> listed = new TreeSet<>();
        ours.path("loadModels").forEach(item -> listed.add(item.asText()));
        return listed;
    }

    private static Optional<String> fingerprint(JsonNode ours) {
        return Optional.of(ours.path("inline").asText()).filter(text -> !text.isEmpty());
    }
}
