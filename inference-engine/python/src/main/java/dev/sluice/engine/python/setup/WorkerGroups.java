// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Makes the group of each worker, with the limits that the operator and the model set: the lower one where both do.
 *
 * <p><b>Threads:</b> safe from any thread; touches files, so it belongs on load threads.
 */
public final class WorkerGroups {
    private final EnvironmentSettings settings;

    public WorkerGroups(EnvironmentSettings settings) {
        this.settings = settings;
    }

    /**
     * A group for one worker of {@code spec}.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the limits that the model sets are none
     */
    public WorkerGroup open(ModelSpec spec) {
        WorkerWishes wishes = WorkerWishes.of(spec);
        OptionalLong memory = LongStream.concat(stream(settings.memoryBytes()), stream(wishes.memoryBytes())).min();
        Optional<Double> cpus = Stream.concat(settings.cpus().stream(), wishes.cpus().stream()).min(Double::compare);
        List<String> arguments = new ArrayList<>();
        memory.ifPresent(bytes -> arguments.addAll(List.of("--memory", Long.toString(bytes))));
        cpus.ifPresent(count -> arguments.addAll(List.of("--cpus", count.toString())));
        settings.hiddenFiles().forEach(file -> arguments.addAll(List.of("--hide", file.toString())));
        settings.user().ifPresent(user -> arguments.addAll(List.of("--user", user)));
        return new OwnLimits(arguments);
    }

    private static LongStream stream(OptionalLong value) {
        return value.isPresent() ? LongStream.of(value.getAsLong()) : LongStream.empty();
    }

    /** The worker sees to all of them. */
    private record OwnLimits(List<String> hostingArguments) implements WorkerGroup {
        OwnLimits {
            hostingArguments = List.copyOf(hostingArguments);
        }

        @Override
        public void join(long pid) {}

        @Override
        public void close() {}
    }
}
