// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.scheduling.QueueStatus;
import java.util.List;

/**
 * One version as operators see it.
 *
 * @param atStartup whether the server started with it
 */
public record ModelStatus(
        ModelSpec spec,
        ModelState.Kind state,
        boolean isDefault,
        boolean atStartup,
        QueueStatus queue,
        List<InstanceStatus> instances) {}
