// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * How much memory this process may use.
 *
 * @param totalBytes of the machine, or of the container this process runs in
 * @param maxHeapBytes most the heap will take of it
 * @param maxDirectBytes most direct memory the virtual machine lets out
 */
public record MachineMemory(long totalBytes, long maxHeapBytes, long maxDirectBytes) {
    /** Less is no server: it could not take the smallest of images. */
    static final long LEAST_BUDGET = 1 << 20;

    private static final int PERCENT = 40;

    /** Of direct memory; the rest is for what no budget counts: what the pool rounds up and keeps, and buffers read into. */
    private static final int QUARTERS = 3;

    /** What this virtual machine was given. */
    public static MachineMemory ofThisProcess() {
        long heap = Runtime.getRuntime().maxMemory();
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        HotSpotDiagnosticMXBean virtualMachine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        long direct =
                Long.parseLong(virtualMachine.getVMOption("MaxDirectMemorySize").getValue());
        // 0 stands for as much as the heap.
        return new MachineMemory(system.getTotalMemorySize(), heap, direct == 0 ? heap : direct);
    }

    /** Most that a budget may be, so that it is used up before direct memory is. */
    long mostBudget() {
        return Math.max(LEAST_BUDGET, maxDirectBytes / 4 * QUARTERS);
    }

    /**
     * The budget when nobody names one: a share of what the heap leaves, since engines need the rest, and no more than
     * {@link #mostBudget}.
     *
     * <p>Source: batching-and-scheduling.md section 14, "Budget".
     */
    long defaultBudget() {
        long share = Math.max(0, totalBytes - maxHeapBytes) / 100 * PERCENT;
        return Math.max(LEAST_BUDGET, Math.min(share, mostBudget()));
    }
}
