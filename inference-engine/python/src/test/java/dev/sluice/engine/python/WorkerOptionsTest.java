// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.Placement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerOptionsTest {
    @TempDir
    Path folder;

    private WorkerOptions options(Map<String, Object> given) {
        Bench bench = new Bench(folder);
        bench.options.putAll(given);
        return WorkerOptions.of(bench.spec());
    }

    @Test
    void hasTheOriginalsDefaults() {
        WorkerOptions options = options(Map.of());
        assertThat(options.retryWindow()).isEqualTo(Duration.ofMinutes(5));
        assertThat(options.parallelType()).isEqualTo(ParallelType.NONE);
        assertThat(options.connections()).isOne();
        assertThat(options.isContinuous()).isFalse();
    }

    @Test
    void readsWhatModelsSay() {
        WorkerOptions options = options(Map.of(
                "maxRetryTimeoutInSec",
                0,
                "parallelType",
                "TP",
                "torchrun",
                Map.of("nproc-per-node", 4, "OMP_NUMBER_THREADS", 2),
                "sluice",
                Map.of("side", "original", "maxRequests", 7, "sharedMemory", "2m")));
        assertThat(options.retryWindow()).isZero();
        assertThat(options.connections()).isEqualTo(4);
        assertThat(options.torchrun().threads()).isEqualTo(2);
        assertThat(options.side()).contains(Side.ORIGINAL);
        assertThat(options.maxRequests()).isEqualTo(OptionalInt.of(7));
        assertThat(options.sharedMemoryBytes()).isEqualTo(OptionalLong.of(2 << 20));
    }

    @Test
    void passesOverWrongValuesOfTheOriginalsKeysAndRefusesItsOwn() {
        assertThat(options(Map.of("maxRetryTimeoutInSec", "soon", "parallelType", "best", "parallelLevel", 2)))
                .isEqualTo(options(Map.of()));
        assertThatThrownBy(() -> options(Map.of("sluice", Map.of("side", "left"))))
                .hasMessage("Model m:1.0: sluice.worker.side: left (expected: one of [own, original])");
    }

    /** Seen to fail when only a worker's start looked at them, which is then this server's failure. */
    @Test
    void refusesASurroundingThatIsNoneBeforeAnythingStarts() {
        for (Map<String, Object> wrong : List.<Map<String, Object>>of(
                Map.of("memory", List.of(1)), Map.of("cpus", -1), Map.of("memory", "much"))) {
            Bench bench = new Bench(folder);
            bench.options.put("sluice", wrong);
            try (PythonModelLoader loader = bench.loader()) {
                assertThatThrownBy(() -> loader.check(bench.spec()))
                        .isInstanceOfSatisfying(
                                ServingException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                        .hasMessageStartingWith("sluice.worker.");
            }
        }
    }

    private Cards cards(int there, int most, Map<String, String> variables) throws Exception {
        Path listing = folder.resolve("list-" + there);
        StringBuilder script = new StringBuilder("#!/bin/sh\n");
        for (int i = 0; i < there; i++) {
            script.append("echo 'GPU ")
                    .append(i)
                    .append(": Card (UUID: GPU-")
                    .append(i)
                    .append(")'\n");
        }
        Files.writeString(listing, script);
        Files.setPosixFilePermissions(listing, PosixFilePermissions.fromString("rwx------"));
        return new Cards(variables, List.of(listing.toString()), most);
    }

    @Test
    void countsCardsThatTheServerSees() throws Exception {
        assertThat(cards(4, 9, Map.of()).count()).isEqualTo(4);
        assertThat(cards(4, 3, Map.of()).count()).isEqualTo(3);
        assertThat(cards(4, 9, Map.of(Cards.VISIBLE, "")).count()).isZero();
        assertThat(cards(4, 9, Map.of(Cards.VISIBLE, "2,7,1")).count()).isOne();
        Cards named = cards(4, 9, Map.of(Cards.VISIBLE, "GPU-a, GPU-b,MIG-c"));
        assertThat(named.count()).isEqualTo(3);
        assertThat(named.visible(List.of(1, 2))).isEqualTo("GPU-b,MIG-c");
        assertThat(new Cards(Map.of(), List.of("no-such-program-here"), 9).count())
                .isZero();
    }

    private CardShare share(Cards cards, int perWorker, Device... wanted) {
        Bench bench = new Bench(folder);
        bench.placement = new Placement(List.of(wanted), OptionalInt.empty());
        return new CardShare(bench.spec(), cards, perWorker);
    }

    /** The first one is number 1, as in the original. */
    @Test
    void dealsOutCards() throws Exception {
        Cards cards = cards(3, 9, Map.of());
        CardShare one = share(cards, 0);
        CardShare other = share(cards, 0);
        assertThat(List.of(one.take(), other.take(), one.take(), other.take()))
                .containsExactly(List.of(1), List.of(2), List.of(0), List.of(1));
        CardShare named = share(cards, 0, Device.cuda(2), Device.cuda(0));
        assertThat(List.of(named.take(), named.take(), named.take()))
                .containsExactly(List.of(2), List.of(0), List.of(2));
        assertThat(share(cards, 0, Device.CPU).take()).isEmpty();
        assertThat(share(cards, 0, Device.CPU).isOnCards()).isFalse();
        assertThat(share(cards, 0, Device.cuda(0), Device.cuda(3)).take()).containsExactly(2);
    }

    @Test
    void givesWorkersBlocksOfCardsAndNoMoreThanThereAre() throws Exception {
        Cards cards = cards(5, 9, Map.of());
        CardShare share = share(cards, 2);
        List<Integer> first = share.take();
        assertThat(first).containsExactly(0, 1);
        assertThat(share.take()).containsExactly(2, 3);
        assertThatThrownBy(share::take).hasMessageContaining("at most 2");
        share.giveBack(first);
        assertThat(share.take()).containsExactly(0, 1);
        assertThatThrownBy(() -> share(cards, 6))
                .hasMessage("parallelLevel: 6 (expected: at most 5, the graphics cards that the model may use)");
    }
}
