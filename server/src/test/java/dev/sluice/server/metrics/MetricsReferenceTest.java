// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.LifecycleObserver.Moment;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of {@code docs/operations/metrics.md} is what a server shows. */
class MetricsReferenceTest {
    private static final Path PAGE = Path.of("..", "docs", "operations", "metrics.md");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"");

    /** Seen to fail with one row taken out of the page. */
    @Test
    void listsEverySeriesWithItsLabels() throws Exception {
        String table = table(scrape());

        assertThat(Files.readString(PAGE, StandardCharsets.UTF_8).replace("\r", ""))
                .as("%s must have this table:%n%s", PAGE, table)
                .contains(table);
    }

    private static String scrape() throws Exception {
        ModelRegistry registry = new ModelRegistry();
        try (ServerMetrics metrics = new ServerMetrics(registry, "1.2.3")) {
            metrics.watch(MemoryBudget.unlimited(), new MemoryLedger(), () -> 0);
            metrics.watch(new ServerGauges(() -> true, () -> false, () -> 0, () -> 0));
            ModelId id = new ModelId("m", "1.0");
            new ModelLifecycle(
                            registry,
                            new NoLoader(),
                            metrics,
                            Ticker.system(),
                            InstantSource.system(),
                            Runnable::run,
                            Duration.ofSeconds(5))
                    .add(spec(id))
                    .toCompletableFuture()
                    .get(5, TimeUnit.SECONDS);
            metrics.memoryMeasured(id, Moment.AFTER_LOAD, 1);
            metrics.refused(Rejection.MALFORMED);
            metrics.requestFinished(
                    ModelRef.of("m"),
                    new RequestContext("i", "p", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation()),
                    Optional.of(ErrorCode.OVERLOADED),
                    1);
            return metrics.scrape();
        }
    }

    private static ModelSpec spec(ModelId id) {
        return new ModelSpec(
                id,
                "m.mar",
                new ModelFiles(Path.of("."), Optional.empty()),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(0, 0),
                new LimitSpec(1, Duration.ofSeconds(5), Duration.ofSeconds(5)),
                Map.of());
    }

    private static String table(String page) {
        Map<String, String> helps = new LinkedHashMap<>();
        Map<String, String> types = new LinkedHashMap<>();
        TreeMap<String, TreeSet<String>> labels = new TreeMap<>();
        page.lines().filter(line -> line.contains("sluice_")).forEach(line -> {
            String[] words = line.split(" ", 4);
            if (line.startsWith("# HELP")) {
                helps.put(words[2], words[3]);
            } else if (line.startsWith("# TYPE")) {
                types.put(words[2], words[3]);
            } else {
                String sample = line.substring(0, line.indexOf(line.contains("{") ? '{' : ' '));
                String family = types.containsKey(sample) ? sample : sample.replaceAll("_(bucket|sum|count)$", "");
                TreeSet<String> names = labels.computeIfAbsent(family, unused -> new TreeSet<>());
                Matcher label = LABEL.matcher(line);
                while (label.find()) {
                    names.add(label.group(1));
                }
            }
        });
        return labels.entrySet().stream()
                // Twins that some libraries make of histograms, with the largest value of late.
                .filter(family -> !family.getKey().endsWith("_max"))
                .map(family -> "| `" + family.getKey() + "` | " + types.get(family.getKey()) + " | "
                        + family.getValue().stream()
                                .filter(name -> !name.equals("le"))
                                .collect(Collectors.joining(", "))
                        + " | " + helps.get(family.getKey()) + " |")
                .collect(Collectors.joining("\n", "| Name | Type | Labels | Meaning |\n|---|---|---|---|\n", "\n"));
    }

    /** Takes any model and loads none. */
    private static final class NoLoader implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            throw new AssertionError();
        }
    }
}
