// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A model's folder, a cache and settings in a temporary folder; needs {@code python3} with pip, and no network. */
final class SetupFixture {
    final Path model;
    final Path cache;

    /** The settings are made with these. */
    String interpreter = "python3";

    boolean installs = true;
    List<String> pipOptions = List.of("--no-index", "--find-links", "wheels");
    List<String> allowed = List.of();
    Optional<String> hidden = Optional.empty();
    OptionalLong memory = OptionalLong.empty();
    Optional<Double> cpus = Optional.empty();
    final Map<String, String> variables = new HashMap<>(System.getenv());
    Duration startupTimeout = Duration.ofSeconds(120);

    SetupFixture(Path folder) {
        try {
            model = Files.createDirectories(folder.resolve("model"));
            cache = folder.resolve("cache");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    EnvironmentSettings settings() {
        return new EnvironmentSettings(
                interpreter,
                installs,
                cache,
                pipOptions,
                variables,
                allowed,
                hidden,
                List.of(Path.of("/keys/key_file.json")),
                Optional.empty(),
                memory,
                cpus);
    }

    ModelSpec spec(Map<String, Object> options) {
        return spec("handler.py", Optional.empty(), options);
    }

    ModelSpec spec(String handler, Optional<String> requirements, Map<String, Object> options) {
        return new ModelSpec(
                new ModelId("m", "1.0"),
                "m.mar",
                new ModelFiles(model, Optional.empty(), requirements),
                Optional.of("python"),
                handler,
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, startupTimeout, startupTimeout),
                options);
    }

    Path write(String name, String content) {
        try {
            Path file = model.resolve(name);
            Files.createDirectories(file.getParent());
            return Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path script(String name, String content) {
        try {
            Path file = write(name, "#!/bin/sh\n" + content);
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A wheel in the model's folder {@code wheels} with one module that says {@code said}. */
    void wheel(String name, String version, String said) {
        String info = name + "-" + version + ".dist-info/";
        Path file = model.resolve("wheels").resolve(name + "-" + version + "-py3-none-any.whl");
        try {
            Files.createDirectories(file.getParent());
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
                entry(zip, name + ".py", "SAID = '" + said + "'\n");
                entry(zip, info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n");
                entry(zip, info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
                entry(zip, info + "RECORD", name + ".py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void entry(ZipOutputStream zip, String name, String content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
    }

    /** What a Python program prints that is started as a worker is. */
    String python(ModelSpec spec, PythonEnvironment environment, String program) {
        CommandRun.Result result = new CommandRun(List.of(environment.interpreter().toString(), "-c", program))
                .with(new WorkerVariables(settings()).of(spec, environment, Map.of()))
                .in(environment.workingDirectory())
                .within(Duration.ofSeconds(60))
                .run(line -> {});
        return String.join("\n", result.lastLines());
    }

    List<String> cached() {
        if (!Files.isDirectory(cache)) {
            return List.of();
        }
        try (var files = Files.list(cache)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
