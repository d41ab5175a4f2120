// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.scheduling.QueueStatus;
import java.util.List;
import java.util.Optional;

/**
 * One version as operators see it.
 *
 * @param failure why loading it failed the last time; stays while it is loaded again, and goes when that works
 * @param labels those that stand for it, in the natural order of strings
 * @param atStartup whether the server started with it
 */
public record ModelStatus(
        ModelSpec spec,
        ModelState.Kind state,
        Optional<ServingException> failure,
        boolean isDefault,
        List<String> labels,
        boolean atStartup,
        QueueStatus queue,
        List<InstanceStatus> instances) {}
