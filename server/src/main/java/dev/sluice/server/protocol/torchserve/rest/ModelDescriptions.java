// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.protocol.PythonModels;
import dev.sluice.serving.ModelStatus;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * Describes versions as the original does: its fields, in its order, with its types. A field this server has no meaning for
 * has the original's default, since clients read it all the same.
 *
 * <p><b>Source:</b> torchserve.md section 2.5.
 */
final class ModelDescriptions {
    private static final DateTimeFormatter START_TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** The original's word for a worker that has not been started. */
    private static final long NO_PROCESS = -1;

    private final long pid;
    private final LongUnaryOperator memory;

    /**
     * Descriptions of all models.
     *
     * @param pid of this process
     * @param memory bytes that a worker's process holds, by its id; 0 if nobody knows
     */
    ModelDescriptions(long pid, LongUnaryOperator memory) {
        this.pid = pid;
        this.memory = memory;
    }

    ArrayNode of(List<ModelStatus> models) {
        ArrayNode all = WireJson.object().arrayNode();
        models.forEach(model -> describe(model, all.addObject()));
        return all;
    }

    private void describe(ModelStatus model, ObjectNode json) {
        ModelSpec spec = model.spec();
        Optional<SequenceSpec> sequences = spec.batching().sequences();
        WorkerOptions worker = WorkerOptions.of(spec);
        json.put("modelName", spec.id().name())
                .put("modelVersion", spec.id().version())
                .put("modelUrl", spec.location())
                .put("runtime", "python")
                .put("minWorkers", spec.instances().min())
                .put("maxWorkers", spec.instances().max())
                .put("batchSize", spec.batching().maxSize())
                .put("maxBatchDelay", (int) spec.batching().maxDelay().toMillis())
                .put("responseTimeout", (int) spec.limits().responseTimeout().toSeconds())
                .put("startupTimeout", (int) spec.limits().startupTimeout().toSeconds())
                .put("maxRetryTimeoutInSec", worker.maxRetrySeconds())
                .put("clientTimeoutInMills", millis(spec.limits().queueTimeout()))
                .put("parallelType", worker.parallelType())
                .put("parallelLevel", worker.parallelLevel())
                .put("deviceType", isOnCards(model) ? "gpu" : "cpu");
        List<Integer> cards = cards(spec);
        if (!cards.isEmpty()) {
            cards.forEach(json.putArray("deviceIds")::add);
        }
        json.put("continuousBatching", worker.continuousBatching())
                .put("useJobTicket", spec.limits().onlyIfIdle())
                .put("useVenv", worker.useVenv())
                .put("stateful", sequences.isPresent())
                .put("sequenceMaxIdleMSec", millis(sequences.map(SequenceSpec::maxIdle)))
                .put("sequenceTimeoutMSec", millis(sequences.map(SequenceSpec::maxAge)))
                .put("maxNumSequence", sequences.map(SequenceSpec::maxOpen).orElse(0))
                .put(
                        "maxSequenceJobQueueSize",
                        sequences.map(SequenceSpec::maxWaiting).orElse(0))
                .put("loadedAtStartup", model.atStartup());
        ArrayNode workers = json.putArray("workers");
        boolean isElsewhere = PythonModels.isPython(spec);
        model.instances().forEach(instance -> worker(instance, isElsewhere, workers.addObject()));
        json.putObject("jobQueueStatus")
                .put("remainingCapacity", model.queue().remaining())
                .put("pendingRequests", model.queue().waiting());
    }

    /** Where it runs, or before it does, where it is to. */
    private static boolean isOnCards(ModelStatus model) {
        return model.instances().isEmpty()
                ? !cards(model.spec()).isEmpty()
                : model.instances().stream().anyMatch(InstanceStatus::onCard);
    }

    /** Those asked for by number. */
    private static List<Integer> cards(ModelSpec spec) {
        return spec.placement().wanted().stream()
                .filter(device -> device.kind() != Device.Kind.CPU)
                .map(Device::index)
                .toList();
    }

    private static long millis(Optional<Duration> duration) {
        return duration.map(Duration::toMillis).orElse(0L);
    }

    /**
     * One instance: in a process of its own, which has none while it starts, or in this one.
     *
     * @param isElsewhere whether it has a process of its own
     */
    private void worker(InstanceStatus instance, boolean isElsewhere, ObjectNode json) {
        json.put("id", String.valueOf(instance.number()))
                .put("startTime", START_TIME.format(instance.startedAt()))
                .put("status", instance.ready() ? "READY" : "UNLOADING")
                .put(
                        "memoryUsage",
                        instance.processId().isPresent()
                                ? memory.applyAsLong(instance.processId().getAsLong())
                                : 0)
                .put("pid", instance.processId().orElse(isElsewhere ? NO_PROCESS : pid))
                .put("gpu", instance.onCard())
                .put("gpuUsage", "N/A");
    }
}
