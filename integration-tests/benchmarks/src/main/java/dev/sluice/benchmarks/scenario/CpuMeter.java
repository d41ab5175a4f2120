// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Processor time of the whole process since it was made, the compiler's and the collector's included. */
final class CpuMeter {
    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final long startNanos = process.getProcessCpuTime();

    double nanos() {
        return process.getProcessCpuTime() - startNanos;
    }
}
