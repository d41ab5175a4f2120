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
    private final int cards;

    /** A loader that uses every device there is. */
    public CatalogModelLoader(EngineCatalog engines, List<HandlerProvider> handlers, HandlerContext context) {
        this(engines, handlers, context, Integer.MAX_VALUE);
    }

    /**
     * @param cards most graphics cards to use, those with the lowest numbers
     * @throws IllegalArgumentException if two handlers claim one name
     */
    public CatalogModelLoader(
            EngineCatalog engines, List<HandlerProvider> handlers, HandlerContext context, int cards) {
        this.engines = engines;
        this.context = context;
        this.cards = cards;
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

    /** Whether that is the name of a built-in handler. */
    public boolean hasHandler(String name) {
        return handlers.containsKey(name);
    }

    @Override
    public void check(ModelSpec spec) {
        check(spec, handler(spec.handler()));
    }

    /** As {@link #check(ModelSpec)}, with a handler that is not built in. */
    public void check(ModelSpec spec, HandlerProvider handler) {
        if (!isAlone(spec, handler)) {
            engines.provider(engineOf(spec));
        }
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        return load(spec, handler(spec.handler()));
    }

    /** As {@link #load(ModelSpec)}, with a handler that is not built in. */
    public LoadedModel load(ModelSpec spec, HandlerProvider handler) {
        if (isAlone(spec, handler)) {
            return handler.attach(spec, context.of(spec.id()));
        }
        Engine engine = engines.engine(engineOf(spec));
        List<Device> devices = devices(engine.info(), spec);
        TensorModel model = PlacedModel.load(engine, spec, devices);
        try {
            LoadedModel attached = handler.attach(model, spec, context.of(spec.id()));
            return devices.contains(Device.CPU) ? attached : new ModelOnCards(attached);
        } catch (RuntimeException | Error e) {
            try {
                model.close();
            } catch (RuntimeException | Error second) {
                e.addSuppressed(second); // why it was not attached is what matters
            }
            throw e;
        }
    }

    private static boolean isAlone(ModelSpec spec, HandlerProvider handler) {
        return handler.worksAlone() && spec.files().serializedFile().isEmpty();
    }

    private List<Device> devices(EngineInfo info, ModelSpec spec) {
        List<Device> usable = info.devices().stream()
                .filter(device -> device.kind() == Device.Kind.CPU || device.index() < cards)
                .toList();
        List<Device> devices = spec.placement().among(usable);
        if (!devices.containsAll(spec.placement().wanted())) {
            LOG.warn(
                    "Model {}: devices {} wanted, but engine {} has {} ({}); running on {}",
                    spec.id(),
                    spec.placement().wanted(),
                    info.id(),
                    usable,
                    info.acceleration(),
                    devices);
        }
        return devices;
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
                            + ")");
        }
        return handler;
    }
}
