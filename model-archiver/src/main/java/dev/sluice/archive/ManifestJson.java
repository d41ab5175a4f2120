// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The JSON form of a {@link Manifest}. Written in the original archiver's layout, byte for byte: its key order, two
 * spaces, ASCII only, no newline at the end. Read leniently: missing and unknown keys pass, numbers count as text.
 *
 * <p>Source: torchserve.md section 6.2.
 */
public final class ManifestJson {
    private static final int DEEPEST = 64;

    private static final JsonMapper MAPPER = mapper();
    private static final ObjectWriter WRITER = writer();

    private ManifestJson() {}

    private static JsonMapper mapper() {
        JsonMapper mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                .build();
        mapper.getFactory()
                .setStreamReadConstraints(
                        StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build());
        return mapper;
    }

    private static ObjectWriter writer() {
        Separators separators =
                Separators.createDefaultInstance().withObjectFieldValueSpacing(Separators.Spacing.AFTER);
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators);
        printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
        printer.indentArraysWith(new DefaultIndenter("  ", "\n"));
        return MAPPER.writer(printer);
    }

    /**
     * The manifest that {@code json} holds.
     *
     * @throws ArchiveException if the bytes are not JSON or a known key has the wrong type
     */
    public static Manifest read(byte[] json) {
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new ArchiveException("manifest is not valid JSON: " + Quoted.of(e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new ArchiveException("manifest cannot be read", e);
        }
        return manifest(object(root, "manifest"));
    }

    private static Manifest manifest(JsonNode root) {
        JsonNode model = root.path("model");
        return new Manifest(
                text(root, "createdOn"),
                text(root, "runtime").orElse(Manifest.DEFAULT_RUNTIME),
                text(root, "description"),
                isAbsent(model) ? Manifest.Model.empty() : model(object(model, "model")),
                text(root, "archiverVersion"),
                text(root, "modelServerVersion"),
                text(root, "implementationVersion"),
                text(root, "specificationVersion"));
    }

    private static Manifest.Model model(JsonNode model) {
        return new Manifest.Model(
                text(model, "modelName"),
                text(model, "serializedFile"),
                text(model, "handler"),
                text(model, "modelFile"),
                text(model, "modelVersion"),
                extensions(model.path("extensions")),
                text(model, "requirementsFile"),
                text(model, "configFile"),
                text(model, "envelope"),
                text(model, "sourceVocab"));
    }

    private static Map<String, Object> extensions(JsonNode node) {
        return isAbsent(node)
                ? Map.of()
                : MAPPER.convertValue(object(node, "model.extensions"), new TypeReference<Map<String, Object>>() {});
    }

    private static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    private static JsonNode object(JsonNode node, String name) {
        if (!node.isObject()) {
            throw wrongType(name, node, "an object");
        }
        return node;
    }

    private static Optional<String> text(JsonNode parent, String key) {
        JsonNode node = parent.path(key);
        if (isAbsent(node)) {
            return Optional.empty();
        }
        if (!node.isValueNode()) {
            throw wrongType(key, node, "a string");
        }
        return Optional.of(node.asText());
    }

    private static ArchiveException wrongType(String key, JsonNode node, String expected) {
        String actual = node.getNodeType().name().toLowerCase(Locale.ROOT);
        return new ArchiveException("manifest key " + key + " is of type " + actual + " (expected: " + expected + ")");
    }

    /** The manifest as the original archiver lays it out. */
    public static byte[] write(Manifest manifest) {
        ObjectNode root = MAPPER.createObjectNode();
        put(root, "createdOn", manifest.createdOn());
        root.put("runtime", manifest.runtime());
        put(root, "description", manifest.description());
        root.set("model", node(manifest.model()));
        put(root, "archiverVersion", manifest.archiverVersion());
        put(root, "modelServerVersion", manifest.modelServerVersion());
        put(root, "implementationVersion", manifest.implementationVersion());
        put(root, "specificationVersion", manifest.specificationVersion());
        try {
            return WRITER.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new ArchiveException("manifest cannot be written", e);
        }
    }

    private static ObjectNode node(Manifest.Model model) {
        ObjectNode node = MAPPER.createObjectNode();
        put(node, "modelName", model.modelName());
        put(node, "serializedFile", model.serializedFile());
        put(node, "handler", model.handler());
        put(node, "modelFile", model.modelFile());
        put(node, "modelVersion", model.modelVersion());
        if (!model.extensions().isEmpty()) {
            node.set("extensions", MAPPER.valueToTree(model.extensions()));
        }
        put(node, "requirementsFile", model.requirementsFile());
        put(node, "configFile", model.configFile());
        put(node, "envelope", model.envelope());
        put(node, "sourceVocab", model.sourceVocab());
        return node;
    }

    private static void put(ObjectNode node, String key, Optional<String> value) {
        value.ifPresent(text -> node.put(key, text));
    }
}
