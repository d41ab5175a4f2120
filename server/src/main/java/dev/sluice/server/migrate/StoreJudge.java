// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ConfigValues;
import dev.sluice.server.migrate.Finding.Verdict;
import dev.sluice.server.repository.Capabilities;
import dev.sluice.server.repository.ModelStore;
import dev.sluice.server.repository.ModelStoreConfig;
import dev.sluice.server.repository.StartupModels;
import dev.sluice.server.repository.WorkDirectory;
import dev.sluice.serving.RegisterModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Opens each model of a store as the server would, one after the other, and says what it would run. Archives are unpacked into a
 * private directory, and deleted again.
 */
public final class StoreJudge implements TorchServeSetup.ModelJudge {
    private static final String PYTHON = "python";

    private final Capabilities capabilities;
    private final Path temporary;

    /** @param temporary where archives may be unpacked */
    public StoreJudge(Capabilities capabilities, Path temporary) {
        this.capabilities = capabilities;
        this.temporary = temporary;
    }

    @Override
    public List<Finding> models(Path folder, ConfigValues values) {
        ModelStoreConfig config = new ModelStoreConfig(
                Optional.of(folder),
                "all",
                values.text(ConfigKey.DEFAULT_SERVICE_HANDLER),
                OptionalInt.empty(),
                1,
                Duration.ofMinutes(2),
                Duration.ofMinutes(2),
                Map.of());
        List<Finding> findings = new ArrayList<>();
        try (WorkDirectory work = WorkDirectory.below(temporary)) {
            ModelStore store = new ModelStore(config, capabilities, work, 1);
            for (RegisterModel model : StartupModels.of(config, capabilities)) {
                findings.add(judge(store, model));
            }
        }
        return findings;
    }

    private static String how(ModelSpec spec) {
        return spec.engine().filter(PYTHON::equals).isPresent() ? ", runs in Python workers" : ", runs without Python";
    }

    private static Finding judge(ModelStore store, RegisterModel model) {
        try {
            ModelSpec spec = store.resolve(model);
            try {
                return new Finding(
                        Verdict.EQUAL,
                        model.location(),
                        "model " + spec.id() + ", handler " + spec.handler() + how(spec));
            } finally {
                store.discard(spec);
            }
        } catch (ServingException e) {
            return new Finding(Verdict.CANNOT, model.location(), e.safeMessage());
        }
    }
}
