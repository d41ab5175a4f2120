// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.lifecycle.MemoryProbe;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process as Linux accounts for it. Elsewhere its size is unknown.
 *
 * <p>What engines have freed stays with the C library, which gives it back to the system when asked. Java cannot call {@code malloc_trim},
 * but the JVM does on the diagnostic command {@code System.trim_native_heap}, which JDK 17 has from some update on, with glibc.
 * Without it nothing is trimmed; neither engine offers anything of its own.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class ProcessMemory implements MemoryProbe {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessMemory.class);
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";
    private static final String TRIM = "systemTrimNativeHeap";

    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    private final Path status;

    public ProcessMemory() {
        this(STATUS);
    }

    ProcessMemory(Path status) {
        this.status = status;
    }

    @Override
    public OptionalLong residentBytes() {
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith(RESIDENT))
                    .mapToLong(ProcessMemory::bytes)
                    .findFirst();
        } catch (IOException | RuntimeException e) {
            LOG.debug("{} says nothing of this process", status, e);
            return OptionalLong.empty();
        }
    }

    /** Of a line like {@code VmRSS:   123456 kB}. */
    private static long bytes(String line) {
        String number = line.substring(RESIDENT.length()).replace("kB", "").strip();
        return Long.parseLong(number) * 1024;
    }

    @Override
    public void trim() {
        try {
            Object unused = beans.invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"), TRIM, new Object[0], new String[0]);
        } catch (MalformedObjectNameException e) {
            throw new IllegalStateException(e);
        } catch (JMException e) {
            LOG.debug("This JVM cannot trim the native heap", e);
        }
    }
}
