// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipOutputStream;

/** An archive with a handler in Python, in each of the forms in which TorchServe takes one. Used by one thread. */
final class PythonArchives {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MANIFEST = "MAR-INF/MANIFEST.json";

    private final ObjectNode model = JSON.createObjectNode();
    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private boolean manifest = true;

    private PythonArchives(String name) {
        model.put("modelName", name).put("modelVersion", "1.0");
    }

    /** Packs {@code name.mar} with a handler of {@code src/test/resources/python-handlers}, version 1.0. */
    static Path pack(Path store, String name, String handler, String configuration) throws IOException {
        return named(name).handler(handler).configuration(configuration).mar(store);
    }

    static PythonArchives named(String name) {
        return new PythonArchives(name);
    }

    PythonArchives version(String version) {
        model.put("modelVersion", version);
        return this;
    }

    /** A file of {@code src/test/resources/python-handlers}, which is packed, and the archive's handler. */
    PythonArchives handler(String resource) throws IOException {
        try (InputStream in = PythonArchives.class.getResourceAsStream("/python-handlers/" + resource)) {
            file(resource, Objects.requireNonNull(in, resource).readAllBytes());
        }
        return set("handler", resource);
    }

    /** A handler that the test itself has the text of. */
    PythonArchives source(String file, String text) {
        return file(file, text.getBytes(UTF_8)).set("handler", file);
    }

    PythonArchives file(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    PythonArchives configuration(String yaml) {
        return file("model-config.yaml", yaml.getBytes(UTF_8)).set("configFile", "model-config.yaml");
    }

    PythonArchives requirements(String lines) {
        return file("requirements.txt", lines.getBytes(UTF_8)).set("requirementsFile", "requirements.txt");
    }

    /** A line of the manifest's {@code model}. */
    PythonArchives set(String key, String value) {
        model.put(key, value);
        return this;
    }

    PythonArchives withoutManifest() {
        manifest = false;
        return this;
    }

    private String name() {
        return model.get("modelName").asText();
    }

    private Map<String, byte[]> content() throws IOException {
        Map<String, byte[]> content = new LinkedHashMap<>(files);
        if (manifest) {
            ObjectNode whole = JSON.createObjectNode();
            whole.put("createdOn", "22/11/2026 12:00:00").put("runtime", "python");
            whole.set("model", model);
            whole.put("archiverVersion", "0.12.0");
            content.put(MANIFEST, JSON.writeValueAsBytes(whole));
        }
        return content;
    }

    /** {@code name.mar}, or {@code name-version.mar} for any version but 1.0. */
    Path mar(Path store) throws IOException {
        String version = model.get("modelVersion").asText();
        Path archive = store.resolve(version.equals("1.0") ? name() + ".mar" : name() + "-" + version + ".mar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            for (Map.Entry<String, byte[]> file : content().entrySet()) {
                Probe.put(zip, file.getKey(), file.getValue());
            }
        }
        return archive;
    }

    /** A folder in place of an archive. */
    Path directory(Path store) throws IOException {
        Path folder = store.resolve(name());
        for (Map.Entry<String, byte[]> file : content().entrySet()) {
            Path target = folder.resolve(file.getKey());
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            Files.write(target, file.getValue());
        }
        return folder;
    }

    /** {@code name.tar.gz}, with everything below one folder, as the original's archiver writes it. */
    Path tgz(Path store) throws IOException, InterruptedException {
        Path staged = Files.createTempDirectory("tgz");
        directory(staged);
        Path archive = store.resolve(name() + ".tar.gz");
        int exit = new ProcessBuilder("tar", "-C", staged.toString(), "-czf", archive.toString(), name())
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IllegalStateException("tar ended with " + exit);
        }
        return archive;
    }
}
