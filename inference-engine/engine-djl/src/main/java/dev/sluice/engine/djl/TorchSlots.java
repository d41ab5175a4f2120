// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An instance's slots: for each input the one its last call used.
 *
 * <p><b>Threads:</b> confined to the thread that uses the instance.
 */
final class TorchSlots implements AutoCloseable {
    /** Inputs beyond these get none: who sends many must not make an instance keep many. */
    private static final int MOST = 16;

    private final int[] device;
    private final BufferAllocator allocator;

    /** By the input's place; null where the last input there did not suit one. */
    private final List<@Nullable TorchSlot> slots = new ArrayList<>(1);

    /** @param device of the model, which is on processors */
    TorchSlots(int[] device, BufferAllocator allocator) {
        this.device = device;
        this.allocator = allocator;
    }

    /** The slot of input number {@code place}, holding {@code input}; null if that does not suit one. */
    @Nullable
    TorchSlot filled(int place, Tensor input) {
        if (place >= MOST) {
            return null;
        }
        while (slots.size() <= place) {
            slots.add(null);
        }
        TorchSlot slot = slots.get(place);
        if (slot == null || !slot.takes(input)) {
            drop(place);
            slot = TorchSlot.suits(input) ? TorchSlot.of(input, device) : null;
            slots.set(place, slot);
        }
        if (slot != null) {
            slot.fill(input, allocator);
        }
        return slot;
    }

    /** Forgets slots that the call which now ends has changed. */
    void dropChanged() {
        for (int i = 0; i < slots.size(); i++) {
            TorchSlot slot = slots.get(i);
            if (slot != null && !slot.isIntact()) {
                drop(i);
            }
        }
    }

    private void drop(int place) {
        TorchSlot slot = slots.set(place, null);
        if (slot != null) {
            slot.close();
        }
    }

    @Override
    public void close() {
        for (int i = 0; i < slots.size(); i++) {
            drop(i);
        }
    }
}
