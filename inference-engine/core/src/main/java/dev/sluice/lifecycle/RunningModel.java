// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.engine.LoadedModel;
import dev.sluice.model.ModelId;
import dev.sluice.scheduling.BatchingScheduler;

/**
 * The parts of a version that is in memory: weights, scheduler, and the count of requests that use them.
 *
 * <p><b>Ownership:</b> the lifecycle closes the model after the last lease and the last instance.
 */
record RunningModel(ModelId id, LoadedModel model, BatchingScheduler scheduler, LeaseCounter leases) {}
