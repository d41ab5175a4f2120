// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of Linux's tree of control groups, version 2, that was handed to this process: where its service manager or container lets
 * it make groups below its own.
 *
 * <p>A group with processes of its own cannot pass its controllers on, so the server first moves itself into {@code sluice-server}
 * below, provided that nobody else is in its group: then the group was handed to it. Groups of workers are named after the process
 * that made them and when it started, which tells those of a server that was killed from those of one that runs beside it.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class ControlGroups {
    private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
    private static final String SERVER = "sluice-server";
    private static final String WORKER = "sluice-worker-";
    private static final String PROCESSES = "cgroup.procs";
    private static final String PASSED_ON = "cgroup.subtree_control";

    private final Path base;
    private final Set<String> controllers;
    private final String prefix;
    private final AtomicLong count = new AtomicLong();

    private ControlGroups(Path base, Set<String> controllers, String prefix) {
        this.base = base;
        this.controllers = controllers;
        this.prefix = prefix;
    }

    /**
     * The groups that this process may make; empty if it may make none that limit anything.
     *
     * @param mount of the tree, {@code /sys/fs/cgroup}
     * @param membership this process's {@code /proc/self/cgroup}
     */
    static Optional<ControlGroups> find(Path mount, Path membership) {
        try {
            Optional<Path> own = own(mount, membership);
            if (own.isEmpty()) {
                return Optional.empty();
            }
            boolean isMoved = own.get().endsWith(SERVER) && !own.get().equals(mount);
            Path base = isMoved ? own.get().resolve("..") : own.get();
            Set<String> usable = passedOn(base.normalize());
            if (usable.isEmpty()) {
                return Optional.empty();
            }
            ProcessHandle self = ProcessHandle.current();
            ControlGroups groups = new ControlGroups(base.normalize(), usable, WORKER + name(self));
            groups.deleteAbandoned(pid -> ProcessHandle.of(pid).map(ControlGroups::name));
            return Optional.of(groups);
        } catch (IOException e) {
            LOG.debug("No control groups for workers", e);
            return Optional.empty();
        }
    }

    private static Optional<Path> own(Path mount, Path membership) throws IOException {
        if (!Files.isRegularFile(mount.resolve("cgroup.controllers")) || !Files.isReadable(membership)) {
            return Optional.empty();
        }
        return Files.readAllLines(membership).stream()
                .filter(line -> line.startsWith("0::/"))
                .map(line -> mount.resolve(line.substring("0::/".length())).normalize())
                .filter(path -> path.startsWith(mount) && Files.isDirectory(path))
                .findFirst();
    }

    /** Has {@code base} pass on what it has to groups below it, and says what of that it is. */
    private static Set<String> passedOn(Path base) throws IOException {
        Set<String> wanted = new HashSet<>(words(base.resolve("cgroup.controllers")));
        wanted.retainAll(Set.of("memory", "cpu"));
        if (wanted.isEmpty() || !Files.isWritable(base.resolve(PROCESSES)) || !Files.isWritable(base.resolve(PASSED_ON))) {
            return Set.of();
        }
        Set<String> missing = new HashSet<>(wanted);
        missing.removeAll(words(base.resolve(PASSED_ON)));
        if (!missing.isEmpty() && !passOn(base, missing)) {
            return Set.of();
        }
        return Collections.unmodifiableSet(wanted);
    }

    private static boolean passOn(Path base, Set<String> controllers) throws IOException {
        long self = ProcessHandle.current().pid();
        List<String> members = words(base.resolve(PROCESSES));
        if (members.contains(Long.toString(self))) {
            if (members.size() > 1) {
                LOG.info("Workers get no control groups: this process shares its own with others");
                return false;
            }
            write(Files.createDirectories(base.resolve(SERVER)), PROCESSES, Long.toString(self));
        }
        for (String controller : controllers) {
            write(base, PASSED_ON, "+" + controller);
        }
        return true;
    }

    private static List<String> words(Path file) throws IOException {
        return Arrays.stream(Files.readString(file).split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    static void write(Path group, String file, String value) throws IOException {
        Files.writeString(group.resolve(file), value);
    }

    private static String name(ProcessHandle process) {
        return process.pid() + "-" + process.info().startInstant().map(Instant::toEpochMilli).orElse(0L) + "-";
    }

    /** Whether groups can limit {@code controller}: {@code memory} or {@code cpu}. */
    boolean limits(String controller) {
        return controllers.contains(controller);
    }

    /** A fresh group. */
    ControlGroup make() throws IOException {
        return new ControlGroup(Files.createDirectory(base.resolve(prefix + count.incrementAndGet())));
    }

    /** Deletes groups of processes that are gone. */
    private void deleteAbandoned(LongFunction<Optional<String>> names) {
        try (DirectoryStream<Path> groups = Files.newDirectoryStream(base, WORKER + "*")) {
            for (Path group : groups) {
                String name = group.getFileName().toString().substring(WORKER.length());
                if (name.matches("\\d{1,18}-\\d+-\\d+") && isAbandoned(name, names)) {
                    LOG.info("Deleting control group {}, whose server is gone", group.getFileName());
                    new ControlGroup(group).close();
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.warn("Could not look for control groups that other servers left", e);
        }
    }

    private static boolean isAbandoned(String name, LongFunction<Optional<String>> names) {
        long pid = Long.parseLong(name.substring(0, name.indexOf('-')));
        return names.apply(pid).filter(name::startsWith).isEmpty();
    }
}
