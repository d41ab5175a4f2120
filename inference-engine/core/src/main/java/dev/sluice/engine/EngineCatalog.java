// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The engines of this process, each opened when the first model needs it: opening PyTorch takes half a second that a server
 * of ONNX models need not spend.
 *
 * <p><b>Threads:</b> safe from any thread; opening one engine blocks callers that want any other until it is done.
 */
public final class EngineCatalog implements AutoCloseable {
    private final Map<String, EngineProvider> providers;
    private final Function<String, EngineSettings> settings;

    /** Guarded by this. */
    private final Map<String, Engine> opened = new HashMap<>();

    /**
     * @param settings what to open the engine of a given id with
     * @throws IllegalArgumentException if two providers claim one id, or one was built for another SPI version
     */
    public EngineCatalog(List<EngineProvider> providers, Function<String, EngineSettings> settings) {
        Map<String, EngineProvider> byId = new TreeMap<>();
        for (EngineProvider provider : providers) {
            if (provider.spiVersion() != EngineProvider.SPI_VERSION) {
                throw new IllegalArgumentException("engine '" + provider.id() + "' was built for SPI version "
                        + provider.spiVersion() + " (expected: " + EngineProvider.SPI_VERSION + ")");
            }
            if (byId.putIfAbsent(provider.id(), provider) != null) {
                throw new IllegalArgumentException("engine '" + provider.id() + "' is there twice");
            }
        }
        this.providers = Map.copyOf(byId);
        this.settings = settings;
    }

    /**
     * The engine of that id, opened if it was not.
     *
     * @throws ServingException {@code INVALID_MODEL} if there is none, naming those there are
     */
    public synchronized Engine engine(String id) {
        EngineProvider provider = provider(id);
        return opened.computeIfAbsent(id, key -> provider.open(settings.apply(key)));
    }

    /**
     * The provider of that id, opened or not.
     *
     * @throws ServingException {@code INVALID_MODEL} if there is none, naming those there are
     */
    EngineProvider provider(String id) {
        EngineProvider provider = providers.get(id);
        if (provider == null) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "Unknown engine: " + id + " (expected one of: "
                            + String.join(", ", new TreeMap<>(providers).keySet()) + ")");
        }
        return provider;
    }

    /**
     * Id of the engine that runs files named like {@code file}.
     *
     * @throws ServingException {@code INVALID_MODEL} if none does, naming the suffixes that are known
     */
    public String engineFor(String file) {
        Map<String, String> suffixes = new TreeMap<>();
        providers
                .values()
                .forEach(provider -> provider.fileSuffixes().forEach(suffix -> suffixes.put(suffix, provider.id())));
        return suffixes.entrySet().stream()
                .filter(entry -> file.endsWith(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "No engine runs the file " + file + " (expected one ending in: "
                                + String.join(", ", suffixes.keySet()) + ")"));
    }

    /** Closes every engine that was opened. */
    @Override
    public synchronized void close() {
        opened.values().forEach(Engine::close);
        opened.clear();
    }
}
