// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the machine: processors, memory, the disk of the root directory, and graphics cards where there is a
 * {@code nvidia-smi}. A command that prints such figures can stand in for all of it.
 *
 * <p><b>Threads:</b> {@link #run} is for one thread at a time, which may wait for seconds.
 *
 * <p><b>Source:</b> torchserve.md sections 3.4 and 3.7.
 */
public final class SystemMetrics implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(SystemMetrics.class);
    private static final double MEGA = 1024.0 * 1024;
    private static final double GIGA = MEGA * 1024;
    private static final int MOST_LOOKS_IN_VAIN = 3;
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final List<String> CARDS = List.of(
            "nvidia-smi",
            "--query-gpu=index,utilization.gpu,utilization.memory,memory.used",
            "--format=csv,noheader,nounits");

    private final OriginalMetrics metrics;
    private final Optional<List<String>> command;
    private final CommandLines commands;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** Written by the one thread that runs this: looks for graphics cards in a row that found none. */
    private int looksInVain;

    /** @param command to run instead; empty to look by itself */
    public SystemMetrics(OriginalMetrics metrics, Optional<List<String>> command, CommandLines commands) {
        this.metrics = metrics;
        this.command = command;
        this.commands = commands;
    }

    @Override
    public void run() {
        if (!metrics.wantsServerValues()) {
            return;
        }
        try {
            if (command.isPresent()) {
                printed(command.get());
            } else {
                processors();
                memory();
                disk();
                cards();
            }
        } catch (RuntimeException e) {
            LOG.error("Looking at the machine failed", e);
        }
    }

    private void host(String name, double value) {
        metrics.server(name, Math.rint(value * 100) / 100, List.of("Host", metrics.hostname()));
    }

    private void processors() {
        double load = system.getCpuLoad();
        // Negative, or not a number, until there is something to compare with.
        host("CPUUtilization", load >= 0 ? load * 100 : 0);
    }

    private void memory() {
        double total = system.getTotalMemorySize();
        double available = availableMemory();
        host("MemoryAvailable", available / MEGA);
        host("MemoryUsed", (total - available) / MEGA);
        host("MemoryUtilization", total > 0 ? (total - available) / total * 100 : 0);
    }

    /** What programs could have, page caches with it, where the system tells. */
    private double availableMemory() {
        try (Stream<String> lines = Files.lines(MEMORY)) {
            return lines.filter(line -> line.startsWith("MemAvailable:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024)
                    .findFirst()
                    .orElseGet(system::getFreeMemorySize);
        } catch (IOException | RuntimeException e) {
            return system.getFreeMemorySize();
        }
    }

    private void disk() {
        try {
            FileStore store = Files.getFileStore(Path.of("/"));
            double total = store.getTotalSpace();
            double available = store.getUsableSpace();
            double used = total - store.getUnallocatedSpace();
            host("DiskAvailable", available / GIGA);
            host("DiskUsage", used / GIGA);
            host("DiskUtilization", used + available > 0 ? used / (used + available) * 100 : 0);
        } catch (IOException e) {
            LOG.debug("The disk tells nothing", e);
        }
    }

    private void cards() {
        // A driver that wakes up may take longer than a command may; one that is not there does not come.
        if (looksInVain >= MOST_LOOKS_IN_VAIN) {
            return;
        }
        Optional<List<String>> lines = commands.run(CARDS);
        looksInVain = lines.isPresent() ? 0 : looksInVain + 1;
        lines.orElse(List.of()).forEach(this::card);
    }

    private void card(String line) {
        String[] fields = line.split(",", -1);
        if (fields.length == 4) {
            card("GPUUtilization", fields[0], fields[1]);
            card("GPUMemoryUtilization", fields[0], fields[2]);
            card("GPUMemoryUsed", fields[0], fields[3]);
        }
    }

    /** Some cards do not tell everything: {@code [N/A]}. */
    private void card(String name, String card, String value) {
        try {
            double number = Double.parseDouble(value.strip());
            metrics.server(name, number, List.of("Host", card.strip(), metrics.hostname()));
        } catch (NumberFormatException e) {
            LOG.debug("{} of card {} is {}", name, card, value);
        }
    }

    /** Lines until the first that is empty; after it come figures of processes that are not ours. */
    private void printed(List<String> wanted) {
        List<String> lines = commands.run(wanted).orElse(List.of());
        lines.stream()
                .takeWhile(line -> !line.isBlank())
                .forEach(line -> MetricLine.parse(line)
                        .ifPresentOrElse(
                                metrics::serverLine,
                                () -> LOG.warn("system_metrics_cmd: not a line of metrics: {}", line)));
    }
}
