// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a model with the engine its spec names, or its file's suffix implies, and puts the handler it names in front.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class CatalogModelLoader implements ModelLoader {
    private static final Logger LOG = LoggerFactory.getLogger(CatalogModelLoader.class);

    private final EngineCatalog engines;
    private final Map<String, HandlerProvider> handlers;
    private final HandlerContext context;

    /** @throws IllegalArgumentException if two handlers claim one name */
    public CatalogModelLoader(EngineCatalog engines, List<HandlerProvider> handlers, HandlerContext context) {
        this.engines = engines;
        this.context = context;
        Map<String, HandlerProvider> byName = new TreeMap<>();
        for (HandlerProvider handler : handlers) {
            for (String name : handler.names()) {
                if (byName.putIfAbsent(name, handler) != null) {
                    throw new IllegalArgumentException("handler '" + name + "' is there twice");
                }
            }
        }
        this.handlers = Map.copyOf(byName);
    }

    @Override
    public void check(ModelSpec spec) {
        handler(spec.handler());
        engines.provider(engineOf(spec));
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        HandlerProvider handler = handler(spec.handler());
        TensorModel model = load(engines.engine(engineOf(spec)), spec);
        try {
            return handler.attach(model, spec, context);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static TensorModel load(Engine engine, ModelSpec spec) {
        EngineInfo info = engine.info();
        List<Device> devices = spec.placement().among(info.devices());
        if (!devices.containsAll(spec.placement().wanted())) {
            LOG.warn(
                    "Model {}: devices {} wanted, but engine {} has {} ({}); running on {}",
                    spec.id(),
                    spec.placement().wanted(),
                    info.id(),
                    info.devices(),
                    info.acceleration(),
                    devices);
        }
        return PlacedModel.load(engine, spec, devices);
    }

    /** Those of {@link SampleFolder}. */
    @Override
    public List<Sample> samples(ModelSpec spec) {
        return SampleFolder.read(spec.files().root());
    }

    private String engineOf(ModelSpec spec) {
        return spec.engine()
                .orElseGet(() -> engines.engineFor(spec.files()
                        .serializedFile()
                        .orElseThrow(() -> new ServingException(
                                ErrorCode.INVALID_MODEL,
                                "Model " + spec.id().name() + " names no serialized file to load"))));
    }

    private HandlerProvider handler(String name) {
        HandlerProvider handler = handlers.get(name);
        if (handler == null) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "Unknown handler: " + name + " (expected one of: "
                            + String.join(", ", new TreeMap<>(handlers).keySet())
                            + "; Python handlers do not run yet)");
        }
        return handler;
    }
}
