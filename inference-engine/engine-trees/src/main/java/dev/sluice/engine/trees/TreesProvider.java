// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Opens the engine for XGBoost's and LightGBM's models. Opening does not fail for want of a native library: scoring needs none. */
public final class TreesProvider implements EngineProvider {
    /** What operators call it. */
    static final String ID = "trees";

    /** Of the native library {@code library}, as built against. */
    static String version(Library library) {
        return switch (library) {
            case XGBOOST -> "3.0.4";
            case LIGHTGBM -> "4.3.0";
        };
    }

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public Set<String> fileSuffixes() {
        return Set.of(".ubj", ".json", ".txt", ".lightgbm");
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "XGBoost and LightGBM",
                version(Library.XGBOOST) + " (XGBoost), " + version(Library.LIGHTGBM) + " (LightGBM)",
                "Apache-2.0 AND MIT",
                List.of(
                        "XGBoost (.ubj, .json), what save_model writes since 1.0",
                        "LightGBM text (.txt, .lightgbm), versions v2 to v4"),
                "instances share the trees and run at once; a call uses one thread",
                List.of("cpu"),
                List.of(
                        "XGBoost's binary format of before 1.0",
                        "LightGBM's JSON dump",
                        "leaf indexes and feature contributions",
                        "sparse input"));
    }

    /** The first feature below 0 gives 1; else the second decides. */
    @Override
    public Optional<EngineTrial> trial() {
        return Optional.of(new EngineTrial(
                "/dev/sluice/engine/trees/trial.ubj",
                Shape.of(3, 2),
                List.of(-1f, 0f, 1f, 0f, 1f, 2f),
                List.of(1f, 2f, 4f)));
    }

    @Override
    public Engine open(EngineSettings settings) {
        return new TreesEngine(settings, Natives.load(settings));
    }
}
