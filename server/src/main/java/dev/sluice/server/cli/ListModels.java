// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code sluice models list}. */
@Command(
        name = "list",
        description = "List the models and where they came from.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice models list --json"})
final class ListModels implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ManagementOptions server = new ManagementOptions();

    ListModels(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ArrayNode models = all(server.client(console));
        if (server.isJson()) {
            console.out().println(JsonNodeFactory.instance.objectNode().set("models", models));
            return SluiceCli.OK;
        }
        TextTable table = new TextTable("MODEL", "LOCATION");
        models.forEach(model -> table.row(
                model.path("modelName").asText(), model.path("modelUrl").asText()));
        console.out().println(models.isEmpty() ? "No models. Register one with 'sluice models register'." : table);
        return SluiceCli.OK;
    }

    /** Follows the server's pages to the last. */
    private static ArrayNode all(ServerClient client) {
        ArrayNode models = JsonNodeFactory.instance.arrayNode();
        String token = "";
        do {
            Map<String, String> page = new TreeMap<>(Map.of("limit", "1000"));
            if (!token.isEmpty()) {
                page.put("next_page_token", token);
            }
            JsonNode answer = ServerClient.json(client.call("GET", "/models" + ServerClient.query(page)));
            answer.path("models").forEach(models::add);
            token = answer.path("nextPageToken").asText("");
        } while (!token.isEmpty());
        return models;
    }
}
