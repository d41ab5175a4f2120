// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.javahandler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A provider out of a model's jar, whose failures name it. */
final class GuardedProvider implements HandlerProvider {
    private final HandlerProvider provider;
    private final HandlerJars jars;

    GuardedProvider(HandlerProvider provider, HandlerJars jars) {
        this.provider = provider;
        this.jars = jars;
    }

    @Override
    public Set<String> names() {
        return jars.guarded("say its names", provider::names);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        return attached(() -> provider.attach(model, spec, context));
    }

    @Override
    public boolean worksAlone() {
        return jars.guarded("say whether it works alone", provider::worksAlone);
    }

    @Override
    public LoadedModel attach(ModelSpec spec, HandlerContext context) {
        return attached(() -> provider.attach(spec, context));
    }

    /** Whatever it promised, it may give nothing. */
    private LoadedModel attached(Supplier<@Nullable LoadedModel> attaching) {
        return jars.guarded("be put in front of its model", () -> {
            LoadedModel attached = attaching.get();
            if (attached == null) {
                throw jars.invalid("gave no model (expected: one from attach)");
            }
            return attached;
        });
    }
}
