// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.serving.ModelStatus;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

    private static final long RETRY_SECONDS = 300;

    private final long pid;

    /**
     * Descriptions of models that run in this process.
     *
     * @param pid of this process
     */
    ModelDescriptions(long pid) {
        this.pid = pid;
    }

    ArrayNode of(List<ModelStatus> models) {
        ArrayNode all = WireJson.object().arrayNode();
        models.forEach(model -> describe(model, all.addObject()));
        return all;
    }

    private void describe(ModelStatus model, ObjectNode json) {
        ModelSpec spec = model.spec();
        Optional<SequenceSpec> sequences = spec.batching().sequences();
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
                .put("maxRetryTimeoutInSec", RETRY_SECONDS)
                .put("clientTimeoutInMills", millis(spec.limits().queueTimeout()))
                .put("parallelType", "")
                .put("parallelLevel", 0)
                .put("deviceType", isOnCards(model) ? "gpu" : "cpu");
        List<Integer> cards = cards(spec);
        if (!cards.isEmpty()) {
            cards.forEach(json.putArray("deviceIds")::add);
        }
        json.put("continuousBatching", false)
                .put("useJobTicket", false)
                .put("useVenv", false)
                .put("stateful", sequences.isPresent())
                .put("sequenceMaxIdleMSec", millis(sequences.map(SequenceSpec::maxIdle)))
                .put("sequenceTimeoutMSec", millis(sequences.map(SequenceSpec::maxAge)))
                .put("maxNumSequence", sequences.map(SequenceSpec::maxOpen).orElse(0))
                .put(
                        "maxSequenceJobQueueSize",
                        sequences.map(SequenceSpec::maxWaiting).orElse(0))
                .put("loadedAtStartup", model.atStartup());
        ArrayNode workers = json.putArray("workers");
        model.instances().forEach(instance -> worker(instance, workers.addObject()));
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

    /** One instance; it runs in this process, whose id it therefore gets. */
    private void worker(InstanceStatus instance, ObjectNode json) {
        json.put("id", String.valueOf(instance.number()))
                .put("startTime", START_TIME.format(instance.startedAt()))
                .put("status", instance.ready() ? "READY" : "UNLOADING")
                .put("memoryUsage", 0L)
                .put("pid", pid)
                .put("gpu", instance.onCard())
                .put("gpuUsage", "N/A");
    }
}
