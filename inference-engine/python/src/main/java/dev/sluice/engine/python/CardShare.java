// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which cards the workers of one model run on.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> spec torchserve, 5.8.
 */
final class CardShare {
    private static final Logger LOG = LoggerFactory.getLogger(CardShare.class);

    private final ModelSpec spec;
    private final Cards cards;
    private final int perWorker;

    /** Those the model may use; empty for the processors. */
    private final List<Integer> usable;

    /** Whether the model named them, and has its own turn. */
    private final boolean isNamed;

    private final AtomicInteger turn = new AtomicInteger();

    /** Guarded by this: which blocks of cards are in use. */
    private final Set<Integer> blocks = new HashSet<>();

    /**
     * @param perWorker how many cards a worker has for itself; 0 if it shares one
     * @throws ServingException {@code INVALID_MODEL} if there are cards, but fewer than one worker needs
     */
    CardShare(ModelSpec spec, Cards cards, int perWorker) {
        this.spec = spec;
        this.cards = cards;
        this.perWorker = perWorker;
        List<Device> wanted = spec.placement().wanted();
        boolean isForProcessors = !wanted.isEmpty() && wanted.stream().allMatch(Device.CPU::equals);
        int there = isForProcessors ? 0 : cards.count();
        List<Integer> named = named(wanted, there);
        this.isNamed = !named.isEmpty();
        this.usable = isNamed ? named : all(there);
        if (!usable.isEmpty() && perWorker > usable.size()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "parallelLevel: " + perWorker + " (expected: at most " + usable.size()
                            + ", the graphics cards that the model may use)");
        }
    }

    /** One that is not there discards them all, as in the original. */
    private List<Integer> named(List<Device> wanted, int there) {
        List<Integer> named = wanted.stream()
                .filter(device -> device.kind() == Device.Kind.CUDA)
                .map(Device::index)
                .toList();
        if (there > 0 && named.stream().anyMatch(card -> card >= there)) {
            LOG.warn("Model {}: deviceIds: {} (expected: 0..{}); ignored", spec.id(), named, there - 1);
            return List.of();
        }
        return there == 0 ? List.of() : named;
    }

    private static List<Integer> all(int count) {
        List<Integer> all = new ArrayList<>(count);
        for (int card = 0; card < count; card++) {
            all.add(card);
        }
        return all;
    }

    boolean isOnCards() {
        return !usable.isEmpty();
    }

    /**
     * The cards of one more worker, empty for the processors; to be given back.
     *
     * @throws ServingException {@code LOAD_FAILED} if each worker has cards for itself and all are in use
     */
    synchronized List<Integer> take() {
        if (usable.isEmpty()) {
            return List.of();
        }
        if (perWorker == 0) {
            return List.of(isNamed ? usable.get(turn.getAndUpdate(now -> (now + 1) % usable.size())) : cards.next());
        }
        int capacity = usable.size() / perWorker;
        for (int block = 0; block < capacity; block++) {
            if (blocks.add(block)) {
                return usable.subList(block * perWorker, (block + 1) * perWorker);
            }
        }
        throw new ServingException(
                ErrorCode.LOAD_FAILED,
                "Workers of model " + spec.id() + ": " + (capacity + 1) + " (expected: at most " + capacity + ", since "
                        + usable.size() + " graphics cards are there for it and each worker takes " + perWorker + ")");
    }

    synchronized void giveBack(List<Integer> taken) {
        if (perWorker > 0 && !taken.isEmpty()) {
            blocks.remove(usable.indexOf(taken.get(0)) / perWorker);
        }
    }

    /** What a process is told that is to see {@code taken} alone. */
    String visible(List<Integer> taken) {
        return cards.visible(taken);
    }
}
