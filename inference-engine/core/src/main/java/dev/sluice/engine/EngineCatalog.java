// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines of this process, each opened when the first model needs it: opening PyTorch takes half a second that a server
 * of ONNX models need not spend.
 *
 * <p><b>Threads:</b> safe from any thread; opening one engine blocks callers that want any other until it is done.
 */
public final class EngineCatalog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EngineCatalog.class);

    /** What to do about an engine that is not there, for people; sentences with a blank in front, or nothing. */
    public interface Absent {
        /** Nothing is known of any. */
        Absent UNKNOWN = new Absent() {
            @Override
            public String engine(String id) {
                return "";
            }

            @Override
            public String file(String name) {
                return "";
            }
        };

        /** About the engine {@code id}. */
        String engine(String id);

        /** About what would run a file called {@code name}. */
        String file(String name);
    }

    private final Map<String, EngineProvider> providers;
    private final Absent absent;
    private final Function<String, EngineSettings> settings;

    /** Guarded by this. */
    private final Map<String, Engine> opened = new HashMap<>();

    /** Guarded by this: why engines that were tried did not open. */
    private final Map<String, ServingException> broken = new HashMap<>();

    /** Guarded by this. */
    private boolean closed;

    /** Where nothing is known of engines that are not there. */
    public EngineCatalog(List<EngineProvider> providers, Function<String, EngineSettings> settings) {
        this(providers, settings, Absent.UNKNOWN);
    }

    /**
     * @param settings what to open the engine of a given id with
     * @param absent what to say of engines that are not among {@code providers}
     * @throws IllegalArgumentException if two providers claim one id, or one was built for another SPI version
     */
    public EngineCatalog(List<EngineProvider> providers, Function<String, EngineSettings> settings, Absent absent) {
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
        this.absent = absent;
    }

    /**
     * The engine of that id, opened if it was not. One that failed to open is not tried again: native libraries that loaded
     * half cannot be unloaded, and a second try would only hide the first reason.
     *
     * @throws ServingException {@code INVALID_MODEL} if there is none, naming those there are; {@code LOAD_FAILED} if it did not
     *     open; {@code SHUTTING_DOWN} after {@link #close}
     */
    public synchronized Engine engine(String id) {
        EngineProvider provider = provider(id);
        if (closed) {
            throw new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping");
        }
        ServingException reason = broken.get(id);
        if (reason != null) {
            throw new ServingException(reason.code(), reason.safeMessage(), reason);
        }
        Engine engine = opened.get(id);
        return engine != null ? engine : open(provider);
    }

    private synchronized Engine open(EngineProvider provider) {
        try {
            Engine engine = provider.open(settings.apply(provider.id()));
            opened.put(provider.id(), engine);
            EngineInfo info = engine.info();
            LOG.info(
                    "Engine {} {} opened; devices {}: {}",
                    info.id(),
                    info.nativeVersion(),
                    info.devices(),
                    info.acceleration());
            return engine;
        } catch (RuntimeException | Error e) {
            ServingException reason = e instanceof ServingException serving
                    ? serving
                    : new ServingException(
                            ErrorCode.LOAD_FAILED, "Engine " + provider.id() + " could not be opened", e);
            broken.put(provider.id(), reason);
            throw reason;
        }
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
                            + String.join(", ", new TreeMap<>(providers).keySet()) + ")" + absent.engine(id));
        }
        return provider;
    }

    /** What the names of model files end in that some engine runs, as {@link FileSuffixes} reads it. */
    public Set<String> fileSuffixes() {
        return providers.values().stream()
                .flatMap(provider -> provider.fileSuffixes().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Id of the engine that runs files named like {@code file}. The longest suffix that fits decides; where engines share one,
     * the first id in the natural order of strings.
     *
     * @throws ServingException {@code INVALID_MODEL} if none does, naming the suffixes that are known
     */
    public String engineFor(String file) {
        Map<String, String> suffixes = new TreeMap<>();
        new TreeMap<>(providers)
                .forEach((id, provider) -> provider.fileSuffixes().forEach(suffix -> suffixes.putIfAbsent(suffix, id)));
        return suffixes.entrySet().stream()
                .filter(entry -> FileSuffixes.fits(entry.getKey(), file))
                .max(Comparator.comparing(entry -> entry.getKey().length()))
                .map(Map.Entry::getValue)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "No engine runs the file " + file + " (expected one ending in: "
                                + String.join(", ", suffixes.keySet()) + ")" + absent.file(file)));
    }

    /** Closes every engine that was opened, also if closing one fails, and opens none from now on. */
    @Override
    public synchronized void close() {
        closed = true;
        opened.forEach((id, engine) -> {
            try {
                engine.close();
            } catch (RuntimeException | Error e) {
                LOG.error("Closing engine {} failed", id, e);
            }
        });
        opened.clear();
    }
}
