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

    private static JsonNode describe(List<Device> wanted, List<InstanceStatus> instances) {
        ModelSpec spec = new ModelSpec(
                new ModelId("m", "1.0"),
                "m.mar",
                new ModelFiles(Path.of("unused"), Optional.of("m.onnx")),
                Optional.empty(),
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
                Map.of());
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
