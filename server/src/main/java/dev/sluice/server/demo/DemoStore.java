// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.demo;

import dev.sluice.archive.ArchiveException;
import dev.sluice.archive.ArchiveFormat;
import dev.sluice.archive.ArchiveWriter;
import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A model store of the demo's own: the digits model, packed as an archive for each of two engines.
 *
 * <p><b>Ownership:</b> owns its directory, and deletes it when closed.
 */
public final class DemoStore implements AutoCloseable {
    private static final String TORCHSCRIPT = "digits";
    private static final String ONNX = "digits-onnx";

    /** Names of the models in the store. */
    public static final List<String> MODELS = List.of(TORCHSCRIPT, ONNX);

    private static final String CONFIG = "model-config.yaml";
    private static final String CLASSES = "index_to_name.json";

    private final Path directory;
    private final List<DigitSample> samples;

    private DemoStore(Path directory, List<DigitSample> samples) {
        this.directory = directory;
        this.samples = samples;
    }

    /**
     * Packs the models in {@code source} into a fresh directory below {@code parent}.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} if the model's files are not all there
     */
    public static DemoStore pack(Path source, Path parent, InstantSource clock) {
        Path samples = source.toAbsolutePath().normalize().resolve("samples");
        try {
            Path directory = Files.createTempDirectory(parent, "sluice-demo-");
            DemoStore store = new DemoStore(
                    directory,
                    IntStream.range(0, DigitSample.CLASSES)
                            .mapToObj(label -> DigitSample.read(samples, label))
                            .toList());
            store.add(TORCHSCRIPT, "digits.pt", source, clock.instant());
            store.add(ONNX, "digits.onnx", source, clock.instant());
            return store;
        } catch (IOException | ArchiveException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "the digits model cannot be packed: " + e.getMessage(), e);
        }
    }

    private void add(String name, String weights, Path source, Instant now) {
        Optional<String> none = Optional.empty();
        Manifest.Model model = new Manifest.Model(
                Optional.of(name),
                Optional.of(weights),
                Optional.of("image_classifier"),
                none,
                Optional.of("1.0"),
                Map.of(),
                none,
                Optional.of(CONFIG),
                none,
                none);
        new ArchiveWriter(ArchiveFormat.DEFAULT, now)
                .write(
                        directory.resolve(name + ".mar"),
                        name,
                        Manifest.of(now, Manifest.DEFAULT_RUNTIME, model),
                        Map.of(
                                weights, source.resolve(weights),
                                CONFIG, source.resolve(CONFIG),
                                CLASSES, source.resolve(CLASSES)));
    }

    public Path directory() {
        return directory;
    }

    /** One picture of each digit, 0 to 9. */
    public List<DigitSample> samples() {
        return samples;
    }

    /** Deletes the archives; the samples stay. */
    @Override
    public void close() {
        try {
            for (String name : MODELS) {
                Files.deleteIfExists(directory.resolve(name + ".mar"));
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INTERNAL, "the demo's store cannot be deleted", e);
        }
    }
}
