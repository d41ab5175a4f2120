// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.PrioritySpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.server.yaml.SafeYaml;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecFactoryTest {
    private static final int PROCESSORS = 6;

    @TempDir
    private Path folder;

    private WorkDirectory work;

    @BeforeEach
    void makeModel() throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("store/m")).resolve("net.onnx"), "n");
        work = WorkDirectory.below(folder.resolve("work"));
    }

    @AfterEach
    void deleteWork() {
        work.close();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            api, yaml, models, effective
            2,   3,    4,      2
            ,    3,    4,      3
            ,    ,     4,      4
            ,    ,     ,       0
            """, useHeadersInDisplayName = true)
    void theNearestSettingWins(@Nullable Integer api, @Nullable Integer yaml, @Nullable Integer models, int effective)
            throws IOException {
        ModelSpec spec = resolve(
                command(api, false),
                settings(yaml),
                models == null
                        ? Map.of()
                        : Map.of(
                                "batchSize",
                                models,
                                "maxBatchDelay",
                                models,
                                "responseTimeout",
                                models,
                                "startupTimeout",
                                models));

        assertThat(spec.batching().maxSize()).isEqualTo(effective == 0 ? 1 : effective);
        assertThat(spec.batching().maxDelay()).isEqualTo(Duration.ofMillis(effective == 0 ? 100 : effective));
        assertThat(spec.limits().responseTimeout()).isEqualTo(Duration.ofSeconds(effective == 0 ? 120 : effective));
        assertThat(spec.limits().startupTimeout()).isEqualTo(Duration.ofSeconds(effective == 0 ? 120 : effective));
    }

    private static String settings(@Nullable Integer value) {
        return value == null
                ? ""
                : "batchSize: %1$d%nmaxBatchDelay: %1$d%nresponseTimeout: %1$d%nstartupTimeout: %1$d%n"
                        .formatted(value);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            atStartup, yaml,                         models, api, default, min, max
            true,      'minWorkers: 1, maxWorkers: 2', 3,    4,   5,       1,   2
            true,      '',                           3,      4,   5,       3,   3
            true,      '',                           ,       4,   5,       5,   5
            true,      '',                           ,       4,   ,        6,   6
            true,      'minWorkers: 4',              ,       ,    5,       5,   5
            true,      'minWorkers: 4, maxWorkers: 3', ,     ,    5,       5,   5
            true,      'minWorkers: 0, maxWorkers: 3', ,     ,    5,       1,   3
            false,     'minWorkers: 1, maxWorkers: 2', 3,    4,   5,       1,   2
            false,     '',                           3,      4,   5,       4,   4
            false,     '',                           3,      ,    5,       5,   5
            false,     '',                           3,      ,    ,        0,   0
            """, useHeadersInDisplayName = true)
    void countsInstances(
            boolean atStartup,
            String yaml,
            @Nullable Integer models,
            @Nullable Integer api,
            @Nullable Integer fallback,
            int min,
            int max)
            throws IOException {
        Map<String, Object> served = models == null ? Map.of() : Map.of("minWorkers", models, "maxWorkers", models);
        RegisterModel command = withInstances(command(null, atStartup), api);

        ModelSpec spec = resolve(command, "{" + yaml + "}", config(served, fallback));

        assertThat(spec.instances()).isEqualTo(new InstanceSpec(min, max));
    }

    @ParameterizedTest
    @CsvSource({
        "batchSize: many",
        "batchSize: 0",
        "batchSize: 2.5",
        "batchSize: 99999999999",
        "batchSize: [1]",
        "batchSize: true"
    })
    void keepsTheDefaultForWhatCannotBeUsed(String yaml) throws IOException {
        assertThat(resolve(command(null, true), yaml, Map.of()).batching().maxSize())
                .isEqualTo(1);
    }

    @Test
    void letsABatchNotWaitAtAll() throws IOException {
        assertThat(resolve(command(null, true), "maxBatchDelay: 0", Map.of())
                        .batching()
                        .maxDelay())
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void passesTheWholeConfigurationOn() throws IOException {
        ModelSpec spec = resolve(command(null, true), "handler: {imageClassifier: {width: 8}}\nother: x", Map.of());

        assertThat(spec.options())
                .isEqualTo(Map.of("handler", Map.of("imageClassifier", Map.of("width", 8)), "other", "x"));
        assertThat(spec.handler()).isEqualTo("base_handler");
    }

    @Test
    void takesEngineHandlerAndQueueFromTheConfiguration() throws IOException {
        ModelSpec spec = resolve(
                command(null, true), "engine: onnxruntime\nhandler: image_classifier\njobQueueSize: 7", Map.of());

        assertThat(spec.engine()).contains("onnxruntime");
        assertThat(spec.handler()).isEqualTo("image_classifier");
        assertThat(spec.limits().queueCapacity()).isEqualTo(7);
    }

    /** Row 80. Seen to fail when the server's own settings came before the model's. */
    @ParameterizedTest
    @CsvSource({
        "'clientTimeoutInMills: 700', 700",
        "'{clientTimeoutInMills: 700, sluice: {queue: {timeout: 2s}}}', 2000",
        "'clientTimeoutInMills: -1', 1000",
        "'clientTimeoutInMills: 0',",
        "'', 1000",
    })
    void takesTheClientsTimeoutForTheQueues(String yaml, @Nullable Long millis) throws IOException {
        Map<String, Object> served = Map.of("sluice", Map.of("queue", Map.of("timeout", "1s")));

        assertThat(resolve(command(null, true), yaml, served).limits().queueTimeout())
                .isEqualTo(Optional.ofNullable(millis).map(Duration::ofMillis));
    }

    private static final String OURS = """
            batchSize: 2
            maxBatchDelay: 7
            sluice:
              batch: {maxRows: 8, maxDelay: 5ms, allowedSizes: [1, 8], split: true}
              queue: {maxRows: 64, maxBytes: 1000, timeout: 2s, priorityLevels: 3, defaultPriority: 2, agingMillis: 500}
              slo: {millis: 50}
            """;

    /** Planted: the original's key before ours. */
    @Test
    void takesOurSettingsFromTheirOwnBlock() throws IOException {
        ModelSpec spec = resolve(command(null, true), OURS, Map.of());

        assertThat(spec.batching())
                .isEqualTo(new BatchSpec(
                        8,
                        Duration.ofMillis(5),
                        Optional.of(Duration.ofMillis(50)),
                        new PrioritySpec(3, 2, Duration.ofMillis(500)),
                        AllowedSizes.of(1, 8),
                        true,
                        Optional.empty()));
        assertThat(spec.limits().queueRows()).hasValue(64);
        assertThat(spec.limits().queueBytes()).isEqualTo(1000);
        assertThat(spec.limits().queueTimeout()).contains(Duration.ofSeconds(2));
    }

    @Test
    void takesOurSettingsFromTheServersToo() throws IOException {
        Map<String, Object> served =
                Map.of("sluice", Map.of("batch", Map.of("maxRows", 16), "queue", Map.of("timeout", "1s")));

        ModelSpec spec = resolve(command(null, true), "sluice: {queue: {timeout: 3s}}", served);

        assertThat(spec.batching().maxSize()).isEqualTo(16);
        assertThat(spec.limits().queueTimeout()).contains(Duration.ofSeconds(3));
    }

    /** Planted: the key for idle time read as seconds. */
    @Test
    void takesTheOriginalsKeysForSequences() throws IOException {
        String configuration = """
                sequenceBatching: true
                sequenceMaxIdleMSec: 500
                sequenceTimeoutMSec: 9000
                maxNumSequence: 12
                maxSequenceJobQueueSize: 3
                """;

        assertThat(resolve(command(null, true), configuration, Map.of())
                        .batching()
                        .sequences())
                .contains(new SequenceSpec(12, 3, Duration.ofMillis(500), Duration.ofSeconds(9)));
        assertThat(resolve(command(null, true), "sequenceBatching: true", Map.of())
                        .batching()
                        .sequences())
                .contains(new SequenceSpec(1, 1, Duration.ofMinutes(1), Duration.ZERO));
        assertThat(resolve(command(null, true), "maxNumSequence: 12", Map.of())
                        .batching()
                        .sequences())
                .isEmpty();
    }

    /** Planted: TorchServe's defaults of one row and 100 ms. */
    @Test
    void needsNothingButATarget() throws IOException {
        BatchSpec batching = resolve(command(null, true), "sluice: {slo: {millis: 50}}", Map.of())
                .batching();

        assertThat(batching.maxSize()).isEqualTo(64);
        assertThat(batching.maxDelay()).isEqualTo(Duration.ZERO);
    }

    @Test
    void takesTheLargestSizeForTheBatchSize() throws IOException {
        assertThat(resolve(command(null, true), "sluice: {batch: {allowedSizes: [1, 4, 32]}}", Map.of())
                        .batching()
                        .maxSize())
                .isEqualTo(32);
    }

    /** Seen to fail when what does not go together is the caller's fault, and nobody is told whose settings they are. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            batch: {maxRows: 6, allowedSizes: [1, 8]}  | allowedSizes: [1, 8] (expected: the last to be 6, the largest batch)
            batch: {maxRows: 6}, queue: {maxRows: 5}   | queueRows: 5 (expected: 6 or more, the rows of one batch)
            queue: {priorityLevels: 2, defaultPriority: 3} | defaultPriority: 3 (expected: 1..2)
            """)
    void refusesWhatDoesNotGoTogether(String block, String message) {
        assertThatThrownBy(() -> resolve(command(null, true), "sluice: {" + block + "}", Map.of()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage("Model m:1.0: " + message);
        Map<String, Object> settings = SafeYaml.parse("sluice: {" + block + "}");
        assertThatThrownBy(() -> resolve(command(null, true), "", settings))
                .hasMessage("models setting of m:1.0: " + message);
    }

    /** Seen to fail when the model is blamed. */
    @Test
    void blamesTheCommandForABatchSizeTheModelCannotHave() {
        assertThatThrownBy(() -> resolve(command(4, true), "sluice: {batch: {allowedSizes: [1, 8]}}", Map.of()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("allowedSizes: [1, 8] (expected: the last to be 4, the largest batch)");
    }

    /** Seen to fail when whatever is wrong beside a batch size of the command is the command's fault. */
    @Test
    void blamesTheModelForLevelsTheCommandSaysNothingOf() {
        assertThatThrownBy(() -> resolve(command(4, true), "sluice: {queue: {defaultPriority: 2}}", Map.of()))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage("Model m:1.0: defaultPriority: 2 (expected: 1..1)");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            'useJobTicket: true',  ,      true
            'useJobTicket: true',  false, true
            'useJobTicket: false', true,  false
            '',                    true,  true
            'useJobTicket: often', true,  true
            '',                    ,      false
            """)
    void letsRequestsWaitUnlessTicketsAreAskedFor(String yaml, @Nullable Boolean served, boolean onlyIfIdle)
            throws IOException {
        Map<String, Object> settings = served == null ? Map.of() : Map.of("useJobTicket", served);

        assertThat(resolve(command(null, true), yaml, settings).limits().onlyIfIdle())
                .isEqualTo(onlyIfIdle);
    }

    /** Seen to fail when native models, which may not run on cards at all, had one instance for each. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            'execution: python',                  2, 2
            'execution: python, deviceType: CPU', 2, 6
            'execution: python',                  0, 6
            '',                                   2, 6
            """)
    void startsOnePythonWorkerForEachCard(String yaml, int cards, int instances) throws IOException {
        Files.writeString(folder.resolve("store/m/model-config.yaml"), "{" + yaml + "}");

        ModelSpec spec = new ModelStore(config(Map.of(), null), Samples.CAPABILITIES.withCards(cards), work, PROCESSORS)
                .resolve(command(null, true));

        assertThat(spec.instances()).isEqualTo(new InstanceSpec(instances, instances));
    }

    @Test
    void tellsWorkersWhatTheServerSaysOfTheirModel() throws IOException {
        Map<String, Object> served =
                SafeYaml.parse("{maxRetryTimeoutInSec: 7, parallelType: pp, sluice: {worker: {memory: 1g, cpus: 2}}}");

        assertThat(resolve(
                                command(null, true),
                                "{execution: python, parallelType: tp, sluice: {worker: {memory: 2g}}}",
                                served)
                        .options())
                .isEqualTo(SafeYaml.parse("{execution: python, maxRetryTimeoutInSec: 7, parallelType: tp,"
                        + " sluice: {worker: {memory: 2g, cpus: 2}}}"));
        assertThat(resolve(command(null, true), "parallelType: tp", served).options())
                .isEqualTo(Map.of("parallelType", "tp"));
    }

    private ModelSpec resolve(RegisterModel command, String yaml, Map<String, Object> served) throws IOException {
        return resolve(command, yaml, config(served, null));
    }

    private ModelSpec resolve(RegisterModel command, String yaml, ModelStoreConfig config) throws IOException {
        Files.writeString(folder.resolve("store/m/model-config.yaml"), yaml);
        return new ModelStore(config, Samples.CAPABILITIES, work, PROCESSORS).resolve(command);
    }

    private ModelStoreConfig config(Map<String, Object> served, @Nullable Integer workers) {
        return new ModelStoreConfig(
                Optional.of(folder.resolve("store")),
                "",
                Optional.empty(),
                workers == null ? OptionalInt.empty() : OptionalInt.of(workers),
                100,
                Duration.ofMinutes(2),
                Duration.ofMinutes(2),
                Map.of("m", Map.of("1.0", served)));
    }

    private static RegisterModel command(@Nullable Integer value, boolean atStartup) {
        return new RegisterModel(
                "m",
                Optional.empty(),
                Optional.empty(),
                value == null ? OptionalInt.empty() : OptionalInt.of(value),
                Optional.ofNullable(value).map(milliseconds -> Duration.ofMillis(milliseconds)),
                OptionalInt.empty(),
                Optional.ofNullable(value).map(seconds -> Duration.ofSeconds(seconds)),
                Optional.ofNullable(value).map(seconds -> Duration.ofSeconds(seconds)),
                true,
                atStartup);
    }

    private static RegisterModel withInstances(RegisterModel command, @Nullable Integer instances) {
        return new RegisterModel(
                command.location(),
                command.name(),
                command.handler(),
                command.batchSize(),
                command.maxBatchDelay(),
                instances == null ? OptionalInt.empty() : OptionalInt.of(instances),
                command.responseTimeout(),
                command.startupTimeout(),
                command.keepIfFailed(),
                command.atStartup());
    }
}
