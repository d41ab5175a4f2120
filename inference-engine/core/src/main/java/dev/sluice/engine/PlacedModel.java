// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One model on several devices: its weights on each, its instances dealt out so that no device has two more than another.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> owns the model of each device.
 */
final class PlacedModel implements TensorModel {
    private final List<TensorModel> models;

    /** Guarded by this: instances alive per model. */
    private final int[] instances;

    private PlacedModel(List<TensorModel> models) {
        this.models = List.copyOf(models);
        this.instances = new int[models.size()];
    }

    /** {@code spec} loaded on each of {@code devices}, of which there is at least one; on failure nothing stays loaded. */
    static TensorModel load(Engine engine, ModelSpec spec, List<Device> devices) {
        if (devices.size() == 1) {
            return engine.load(spec, devices.get(0));
        }
        List<TensorModel> loaded = new ArrayList<>();
        try {
            for (Device device : devices) {
                loaded.add(engine.load(spec, device));
            }
            return new PlacedModel(loaded);
        } catch (RuntimeException | Error e) {
            try {
                close(loaded);
            } catch (RuntimeException | Error second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    /** Closes them all, also if closing one fails: each has memory of a device. */
    private static void close(List<TensorModel> models) {
        for (int i = 0; i < models.size(); i++) {
            try {
                models.get(i).close();
            } catch (RuntimeException | Error e) {
                try {
                    close(models.subList(i + 1, models.size()));
                } catch (RuntimeException | Error second) {
                    e.addSuppressed(second);
                }
                throw e;
            }
        }
    }

    @Override
    public Signature signature() {
        return models.get(0).signature();
    }

    @Override
    public TensorInstance newInstance() {
        int chosen = take();
        try {
            return new Placed(models.get(chosen).newInstance(), chosen);
        } catch (RuntimeException | Error e) {
            giveBack(chosen);
            throw e;
        }
    }

    private synchronized int take() {
        int least = 0;
        for (int i = 1; i < instances.length; i++) {
            if (instances[i] < instances[least]) {
                least = i;
            }
        }
        instances[least]++;
        return least;
    }

    private synchronized void giveBack(int model) {
        instances[model]--;
    }

    @Override
    public boolean isComputeOnly() {
        return models.stream().allMatch(TensorModel::isComputeOnly);
    }

    @Override
    public void close() {
        close(models);
    }

    /** An instance that counts until it is closed. */
    private final class Placed implements TensorInstance {
        private final TensorInstance instance;
        private final int model;
        private final AtomicBoolean counted = new AtomicBoolean(true);

        Placed(TensorInstance instance, int model) {
            this.instance = instance;
            this.model = model;
        }

        @Override
        public List<Tensor> run(List<Tensor> inputs) {
            return instance.run(inputs);
        }

        @Override
        public void close() {
            try {
                instance.close();
            } finally {
                if (counted.compareAndSet(true, false)) {
                    giveBack(model);
                }
            }
        }
    }
}
