// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.serving.ModelAdmin;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * OpenAPI documents: of what a listener serves, and of what can be done with one model. They are read once, from the templates that
 * come with the wire contracts.
 *
 * <p><b>Source:</b> torchserve.md section 1.11.
 */
public final class ApiDescriptions {
    private static final String FOLDER = "/openapi/torchserve/";

    private final ModelAdmin admin;
    private final Map<Plane, ObjectNode> planes = new EnumMap<>(Plane.class);
    private final ObjectNode predictions = read("predictions");
    private final ObjectNode management = read("model-management");

    /** @param version of the server */
    public ApiDescriptions(ModelAdmin admin, String version) {
        this.admin = admin;
        for (Plane plane : Plane.values()) {
            ObjectNode document = read(plane.name().toLowerCase(Locale.ROOT));
            ((ObjectNode) document.get("info")).put("version", version);
            planes.put(plane, document);
        }
    }

    private static ObjectNode read(String name) {
        try (InputStream in = ApiDescriptions.class.getResourceAsStream(FOLDER + name + ".json")) {
            if (in == null) {
                throw new IllegalStateException("no API description " + name);
            }
            return (ObjectNode) WireJson.parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers with all that a listener of {@code served} has. */
    public RestHandler of(Set<Plane> served) {
        ObjectNode document = null;
        for (Map.Entry<Plane, ObjectNode> plane : planes.entrySet()) {
            if (served.contains(plane.getKey())) {
                document = document == null ? plane.getValue().deepCopy() : with(document, plane.getValue());
            }
        }
        if (document == null) {
            throw new IllegalArgumentException("planes: none (expected: 1 or more)");
        }
        JsonNode all = document;
        return (request, responder) -> {
            request.body().release();
            responder.respond(Replies.json(request.id(), 200, all));
        };
    }

    /** The same path in both has the methods of both. */
    private static ObjectNode with(ObjectNode document, ObjectNode more) {
        ObjectNode paths = (ObjectNode) document.get("paths");
        more.get("paths")
                .properties()
                .forEach(path -> paths.withObject(
                                "/" + path.getKey().replace("~", "~0").replace("/", "~1"))
                        .setAll((ObjectNode) path.getValue().deepCopy()));
        return document;
    }

    /** {@code OPTIONS /predictions/{model}...}. */
    public void predictions(RestRequest request, RestResponder responder) {
        describe(predictions, request, responder);
    }

    /** {@code OPTIONS /models/{model}}. */
    public void management(RestRequest request, RestResponder responder) {
        describe(management, request, responder);
    }

    /** The template with the model's name in its title and in its paths. */
    private void describe(ObjectNode template, RestRequest request, RestResponder responder) {
        request.body().release();
        String name =
                admin.describe(PredictionHandler.model(request)).spec().id().name();
        ObjectNode document = template.deepCopy();
        ObjectNode info = (ObjectNode) document.get("info");
        info.put("title", info.get("title").textValue().replace("{model}", name));
        ObjectNode paths = WireJson.object();
        document.get("paths")
                .properties()
                .forEach(path -> paths.set(path.getKey().replace("{model}", name), path.getValue()));
        document.set("paths", paths);
        responder.respond(Replies.json(request.id(), 200, document));
    }
}
