// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the group of each worker, with the limits that the operator and the model set: the lower one where both do. The system sees to
 * them where this process may make control groups; elsewhere the worker itself does, before it runs any of the model's code.
 *
 * <p><b>Threads:</b> safe from any thread; touches files, so it belongs on load threads.
 */
public final class WorkerGroups {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerGroups.class);

    private final EnvironmentSettings settings;
    private final Path mount;
    private final Path membership;

    /** Written under the lock of this, when the first worker with a limit comes. */
    private Optional<Optional<ControlGroups>> looked = Optional.empty();

    public WorkerGroups(EnvironmentSettings settings) {
        this(settings, Path.of("/sys/fs/cgroup"), Path.of("/proc/self/cgroup"));
    }

    WorkerGroups(EnvironmentSettings settings, Path mount, Path membership) {
        this.settings = settings;
        this.mount = mount;
        this.membership = membership;
    }

    /**
     * A group for one worker of {@code spec}.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the limits that the model sets are none
     */
    public WorkerGroup open(ModelSpec spec) {
        WorkerWishes wishes = WorkerWishes.of(spec);
        OptionalLong memory = LongStream.concat(stream(settings.memoryBytes()), stream(wishes.memoryBytes()))
                .min();
        Optional<Double> cpus =
                Stream.concat(settings.cpus().stream(), wishes.cpus().stream()).min(Double::compare);
        List<String> arguments = new ArrayList<>();
        if (memory.isEmpty() && cpus.isEmpty()) {
            return new LimitedWorker(guard(), arguments, Optional.empty());
        }
        Optional<ControlGroups> groups = groups();
        boolean hasMemory = groups.isPresent() && groups.get().limits("memory");
        boolean hasCpus = groups.isPresent() && groups.get().limits("cpu");
        Optional<ControlGroup> group = groups.flatMap(
                all -> made(all, hasMemory ? memory : OptionalLong.empty(), hasCpus ? cpus : Optional.empty()));
        if (group.isEmpty() || !hasMemory) {
            memory.ifPresent(bytes -> arguments.addAll(List.of("--memory", Long.toString(bytes))));
        }
        if (group.isEmpty() || !hasCpus) {
            cpus.ifPresent(count -> arguments.addAll(List.of("--cpus", count.toString())));
        }
        return new LimitedWorker(guard(), arguments, group);
    }

    private List<String> guard() {
        List<String> arguments = new ArrayList<>();
        settings.hiddenFiles().forEach(file -> arguments.addAll(List.of("--hide", file.toString())));
        settings.user().ifPresent(user -> arguments.addAll(List.of("--user", user)));
        return arguments;
    }

    private static LongStream stream(OptionalLong value) {
        return value.isPresent() ? LongStream.of(value.getAsLong()) : LongStream.empty();
    }

    private synchronized Optional<ControlGroups> groups() {
        if (looked.isEmpty()) {
            Optional<ControlGroups> found = ControlGroups.find(mount, membership);
            LOG.info("Limits of workers: {}", found.isPresent() ? "by control groups" : "by the workers themselves");
            looked = Optional.of(found);
        }
        return looked.get();
    }

    private static Optional<ControlGroup> made(ControlGroups groups, OptionalLong memory, Optional<Double> cpus) {
        ControlGroup group;
        try {
            group = groups.make();
        } catch (IOException e) {
            LOG.warn("No control group could be made; the worker limits itself", e);
            return Optional.empty();
        }
        try {
            if (memory.isPresent()) {
                group.limitMemory(memory.getAsLong());
            }
            if (cpus.isPresent()) {
                group.limitCpus(cpus.get());
            }
            return Optional.of(group);
        } catch (IOException e) {
            LOG.warn("The limits of a control group could not be set; the worker limits itself", e);
            group.close();
            return Optional.empty();
        }
    }

    /** What the worker does itself, and the group that does the rest. */
    private record LimitedWorker(
            List<String> guardArguments, List<String> hostingArguments, Optional<ControlGroup> group)
            implements WorkerGroup {
        LimitedWorker {
            guardArguments = List.copyOf(guardArguments);
            hostingArguments = List.copyOf(hostingArguments);
        }

        @Override
        public void join(long pid) {
            if (group.isPresent()) {
                try {
                    group.get().join(pid);
                } catch (IOException e) {
                    LOG.warn("Process {} could not be put into its control group; it may have died", pid, e);
                }
            }
        }

        @Override
        public void close() {
            group.ifPresent(ControlGroup::close);
        }
    }
}
