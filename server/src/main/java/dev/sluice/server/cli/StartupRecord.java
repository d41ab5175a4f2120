// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.enginepack.EnginePacksConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a server starts with, as the one record of the log that the original writes: its labels, in its order, on one line.
 *
 * <p><b>Source:</b> torchserve.md section 11.2, "Start-up banner".
 */
final class StartupRecord {
    private StartupRecord() {}

    static String of(ServerConfig config, String version) {
        Map<String, Object> labels = new LinkedHashMap<>();
        labels.put("Torchserve version", "0.12 (as Sluice " + version + ")");
        labels.put("Temp directory", config.workParent());
        labels.put(
                "Metrics config path",
                config.metrics().definitions().map(Object::toString).orElse("built in"));
        labels.put("Number of GPUs", cards(config.engines().cards()));
        labels.put("Number of CPUs", Runtime.getRuntime().availableProcessors());
        labels.put("Max heap size", Runtime.getRuntime().maxMemory() / (1024 * 1024) + " M");
        labels.put("Inference address", config.listeners().inference());
        labels.put("Management address", config.listeners().management());
        labels.put(
                "Metrics address",
                config.listeners().metrics().map(Object::toString).orElse("none"));
        labels.put(
                "Model Store", config.models().directory().map(Object::toString).orElse("none"));
        labels.put("Initial Models", config.models().loadModels());
        labels.put("Log dir", config.logs().directory());
        labels.put("Metrics dir", config.logs().metricsDirectory());
        labels.put("Netty threads", config.listeners().eventLoopThreads());
        labels.put(
                "Default workers per model",
                config.models().defaultWorkers().isPresent()
                        ? config.models().defaultWorkers().getAsInt()
                        : "one per processor");
        labels.put("Maximum Response Size", config.wire().maxResponseBytes());
        labels.put("Maximum Request Size", config.listeners().maxRequestBytes());
        labels.put("Allowed Urls", config.downloads().allowed());
        labels.put("Metrics report format", config.metrics().mode());
        labels.put("Enable metrics API", config.listeners().metrics().isPresent());
        labels.put("Disable system metrics", !config.metrics().system());
        labels.put("Model API enabled", config.admin().modelApi());
        return labels.entrySet().stream()
                .map(label -> label.getKey() + ": " + label.getValue())
                .collect(Collectors.joining("; "));
    }

    private static String cards(int most) {
        return most == EnginePacksConfig.ALL_CARDS ? "all" : String.valueOf(most);
    }
}
