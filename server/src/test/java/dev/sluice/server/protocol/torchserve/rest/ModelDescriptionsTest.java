// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Placement;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.scheduling.QueueStatus;
import dev.sluice.serving.ModelStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ModelDescriptionsTest {
    private static final InstanceStatus ON_PROCESSORS = new InstanceStatus(1, Instant.EPOCH, true);
    private static final InstanceStatus ON_CARD = new InstanceStatus(1, Instant.EPOCH, true, true);

    /** Seen to fail when what was asked for was shown in place of what is. */
    @Test
    void saysOfAnInstanceThatItIsOnACardOnlyIfItIs() {
        JsonNode without = describe(List.of(Device.cuda(0)), List.of(ON_PROCESSORS));
        JsonNode with = describe(List.of(), List.of(ON_CARD));

        assertThat(without.at("/workers/0/gpu").booleanValue()).isFalse();
        assertThat(without.get("deviceType").textValue()).isEqualTo("cpu");
        assertThat(with.at("/workers/0/gpu").booleanValue()).isTrue();
        assertThat(with.get("deviceType").textValue()).isEqualTo("gpu");
        assertThat(with.at("/workers/0/gpuUsage").textValue()).isEqualTo("N/A");
    }

    @Test
    void namesTheCardsThatWereAskedFor() {
        assertThat(describe(List.of(Device.cuda(2), Device.CPU, Device.cuda(0)), List.of())
                        .get("deviceIds"))
                .hasToString("[2,0]");
        assertThat(describe(List.of(), List.of()).has("deviceIds")).isFalse();
        assertThat(describe(List.of(Device.cuda(2)), List.of())
                        .get("deviceType")
                        .textValue())
                .isEqualTo("gpu");
    }

    /** Row 80. */
    @Test
    void showsHowLongClientsWait() {
        assertThat(describe(List.of(), List.of()).get("clientTimeoutInMills").longValue())
                .isEqualTo(700);
    }

    /** Seen to fail when workers had this process's id. */
    @Test
    void showsTheProcessOfAWorkerAndHowItIsRun() {
        Map<String, Object> options = Map.of(
                "maxRetryTimeoutInSec",
                0,
                "parallelType",
                "tp",
                "torchrun",
                Map.of("nproc-per-node", 4),
                "continuousBatching",
                true,
                "useVenv",
                true);
        List<InstanceStatus> instances = List.of(
                new InstanceStatus(1, Instant.EPOCH, true, false, OptionalLong.of(31)),
                new InstanceStatus(2, Instant.EPOCH, false));

        JsonNode worker = describe(Optional.of("python"), options, List.of(), instances);

        assertThat(worker.get("maxRetryTimeoutInSec").longValue()).isZero();
        assertThat(worker.get("parallelType").textValue()).isEqualTo("tp");
        assertThat(worker.get("parallelLevel").intValue()).isEqualTo(4);
        assertThat(worker.get("continuousBatching").booleanValue()).isTrue();
        assertThat(worker.get("useVenv").booleanValue()).isTrue();
        assertThat(worker.at("/workers/0/pid").longValue()).isEqualTo(31);
        assertThat(worker.at("/workers/0/memoryUsage").longValue()).isEqualTo(3100);
        assertThat(worker.at("/workers/1/pid").longValue()).isEqualTo(-1);
        JsonNode here = describe(Optional.empty(), options, List.of(), instances.subList(1, 2));
        assertThat(here.get("maxRetryTimeoutInSec").longValue()).isEqualTo(300);
        assertThat(here.get("parallelType").textValue()).isEmpty();
        assertThat(here.at("/workers/0/pid").longValue()).isEqualTo(7);
    }

    @Test
    void showsNothingOfWorkersThatCannotBeMeant() {
        JsonNode worker = describe(
                Optional.of("python"),
                Map.of("maxRetryTimeoutInSec", "long", "parallelType", "zz", "torchrun", "yes", "useVenv", 1),
                List.of(),
                List.of());

        assertThat(worker.get("maxRetryTimeoutInSec").longValue()).isEqualTo(300);
        assertThat(worker.get("parallelType").textValue()).isEmpty();
        assertThat(worker.get("parallelLevel").intValue()).isZero();
        assertThat(worker.get("useVenv").booleanValue()).isFalse();
    }

    private static JsonNode describe(List<Device> wanted, List<InstanceStatus> instances) {
        return describe(Optional.empty(), Map.of(), wanted, instances);
    }

    private static JsonNode describe(
            Optional<String> engine, Map<String, Object> options, List<Device> wanted, List<InstanceStatus> instances) {
        ModelSpec spec = new ModelSpec(
                new ModelId("m", "1.0"),
                "m.mar",
                new ModelFiles(Path.of("unused"), Optional.of("m.onnx")),
                engine,
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new Placement(wanted, OptionalInt.empty()),
                new LimitSpec(
                        10,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(10),
                        LimitSpec.ANY_BYTES,
                        OptionalLong.empty(),
                        Optional.of(Duration.ofMillis(700))),
                options);
        ModelStatus status = new ModelStatus(
                spec,
                ModelState.Kind.READY,
                Optional.empty(),
                true,
                List.of(),
                false,
                new QueueStatus(0, 10),
                instances);
        return new ModelDescriptions(7, worker -> worker * 100)
                .of(List.of(status))
                .get(0);
    }
}
