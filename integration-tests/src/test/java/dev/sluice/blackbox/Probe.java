// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.probe.ProbeHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Archives whose handler is {@link ProbeHandler}, written as the original's archiver writes them. */
final class Probe {
    private static final String PACKAGE = "com/example/probe/";

    private Probe() {}

    /** Writes {@code name.mar}, or {@code name-version.mar} for any version but 1.0, into {@code store}. */
    static Path pack(Path store, String name, String version, String configuration) throws IOException {
        Path archive = store.resolve(version.equals("1.0") ? name + ".mar" : name + "-" + version + ".mar");
        try (ZipOutputStream mar = new ZipOutputStream(Files.newOutputStream(archive))) {
            put(mar, "MAR-INF/MANIFEST.json", manifest(name, version).getBytes(UTF_8));
            put(mar, "model-config.yaml", configuration.getBytes(UTF_8));
            put(mar, "probe.jar", jar());
        }
        return archive;
    }

    private static String manifest(String name, String version) {
        return """
                {
                  "createdOn": "21/11/2026 12:00:00",
                  "runtime": "python",
                  "model": {
                    "modelName": "%s",
                    "modelVersion": "%s",
                    "handler": "%s",
                    "configFile": "model-config.yaml"
                  },
                  "archiverVersion": "0.12.0"
                }
                """.formatted(name, version, ProbeHandler.class.getName());
    }

    private static byte[] jar() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream jar = new ZipOutputStream(bytes)) {
            for (Path file : classes()) {
                put(jar, PACKAGE + file.getFileName(), Files.readAllBytes(file));
            }
        }
        return bytes.toByteArray();
    }

    private static List<Path> classes() throws IOException {
        try (var files = Files.list(Path.of(home()).resolve(PACKAGE))) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .sorted()
                    .toList();
        }
    }

    private static URI home() {
        try {
            return ProbeHandler.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content);
        zip.closeEntry();
    }
}
