// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;

/** Reads and writes a pack's {@code engine.properties}. Lists are numbered from 1: {@code artifact.1.sha256}. */
public final class DescriptorFile {
    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final long MOST_FILE = 1L << 20;
    private static final int MOST_ENTRIES = 10_000;

    private final Path file;
    private final Properties properties;

    private DescriptorFile(Path file, Properties properties) {
        this.file = file;
        this.properties = properties;
    }

    /**
     * The descriptor of the pack in {@code folder}.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} naming the key that is missing or wrong
     */
    public static PackDescriptor read(Path folder) {
        Path file = folder.resolve(PackDescriptor.FILE);
        Properties properties = new Properties();
        try {
            if (Files.size(file) > MOST_FILE) {
                throw wrong(file, "size", Long.toString(Files.size(file)), "at most " + MOST_FILE);
            }
            try (Reader reader = Files.newBufferedReader(file)) {
                properties.load(reader);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, file + " cannot be read (expected: a pack's descriptor)", e);
        }
        return new DescriptorFile(file, properties).descriptor();
    }

    private PackDescriptor descriptor() {
        List<Artifact> artifacts = artifacts();
        return new PackDescriptor(
                matching("id", ID, "lower-case letters and digits"),
                text("title"),
                text("version"),
                text("licence"),
                texts("format."),
                texts("suffix."),
                (int) number("spi", Integer.MAX_VALUE),
                text("platform"),
                artifacts,
                natives(artifacts));
    }

    private List<String> texts(String prefix) {
        List<String> texts = new ArrayList<>();
        for (int i = 1; has(prefix + i); i++) {
            texts.add(text(prefix + i));
        }
        return texts;
    }

    private List<Artifact> artifacts() {
        List<Artifact> artifacts = new ArrayList<>();
        for (int i = 1; has("artifact." + i) && i <= MOST_ENTRIES; i++) {
            String prefix = "artifact." + i;
            artifacts.add(new Artifact(
                    MavenCoordinates.parse(text(prefix)),
                    matching(prefix + ".sha256", SHA256, "64 lower-case hexadecimal digits"),
                    number(prefix + ".size", Long.MAX_VALUE),
                    Boolean.parseBoolean(text(prefix + ".library"))));
        }
        return artifacts;
    }

    private List<NativeFile> natives(List<Artifact> artifacts) {
        List<NativeFile> natives = new ArrayList<>();
        for (int i = 1; has("native." + i) && i <= MOST_ENTRIES; i++) {
            String prefix = "native." + i;
            int from = (int) number(prefix + ".artifact", artifacts.size());
            if (from == 0) {
                throw wrong(file, prefix + ".artifact", "0", "1 or more");
            }
            natives.add(new NativeFile(
                    artifacts.get(from - 1).coordinates(),
                    text(prefix + ".entry"),
                    contained(prefix),
                    number(prefix + ".size", Long.MAX_VALUE)));
        }
        return natives;
    }

    /** A path below the native folder, whatever it was when it was written. */
    private String contained(String key) {
        String path = text(key);
        boolean escapes = path.startsWith("/") || path.contains("\\") || path.contains(":");
        for (String part : path.split("/", -1)) {
            escapes |= part.isEmpty() || part.equals(".") || part.equals("..");
        }
        if (escapes) {
            throw wrong(file, key, path, "a relative path that stays in the native folder");
        }
        return path;
    }

    private boolean has(String key) {
        return properties.containsKey(key);
    }

    private String text(String key) {
        String value = properties.getProperty(key, "").strip();
        if (value.isEmpty()) {
            throw wrong(file, key, "nothing", "a value");
        }
        return value;
    }

    private String matching(String key, Pattern pattern, String expected) {
        String value = text(key);
        if (!pattern.matcher(value).matches()) {
            throw wrong(file, key, value, expected);
        }
        return value;
    }

    private long number(String key, long most) {
        String value = text(key);
        try {
            long number = Long.parseLong(value);
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, with the value.
        }
        throw wrong(file, key, value, "a number from 0 to " + most);
    }

    private static ServingException wrong(Path file, String key, String value, String expected) {
        return new ServingException(
                ErrorCode.FAILED_PRECONDITION, file + ": " + key + ": " + value + " (expected: " + expected + ")");
    }

    /** Writes {@code descriptor} into {@code folder}: the same bytes for the same descriptor. */
    public static void write(Path folder, PackDescriptor descriptor) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("# Made by the build from the artifacts it resolved. docs/engines.md says what the keys mean.");
        lines.add(line("id", descriptor.id()));
        lines.add(line("title", descriptor.title()));
        lines.add(line("version", descriptor.version()));
        lines.add(line("licence", descriptor.licence()));
        for (int i = 0; i < descriptor.formats().size(); i++) {
            lines.add(line("format." + (i + 1), descriptor.formats().get(i)));
        }
        for (int i = 0; i < descriptor.suffixes().size(); i++) {
            lines.add(line("suffix." + (i + 1), descriptor.suffixes().get(i)));
        }
        lines.add(line("spi", Integer.toString(descriptor.spiVersion())));
        lines.add(line("platform", descriptor.platform()));
        lines.addAll(artifactLines(descriptor));
        Files.write(folder.resolve(PackDescriptor.FILE), lines);
    }

    private static List<String> artifactLines(PackDescriptor descriptor) {
        List<String> lines = new ArrayList<>();
        List<MavenCoordinates> order = new ArrayList<>();
        for (Artifact artifact : descriptor.artifacts()) {
            order.add(artifact.coordinates());
            String prefix = "artifact." + order.size();
            lines.add(line(prefix, artifact.coordinates().toString()));
            lines.add(line(prefix + ".sha256", artifact.sha256()));
            lines.add(line(prefix + ".size", Long.toString(artifact.size())));
            lines.add(line(prefix + ".library", Boolean.toString(artifact.isLibrary())));
        }
        for (int i = 0; i < descriptor.natives().size(); i++) {
            NativeFile file = descriptor.natives().get(i);
            String prefix = "native." + (i + 1);
            lines.add(line(prefix, file.file()));
            lines.add(line(prefix + ".artifact", Integer.toString(order.indexOf(file.from()) + 1)));
            lines.add(line(prefix + ".entry", file.entry()));
            lines.add(line(prefix + ".size", Long.toString(file.size())));
        }
        return lines;
    }

    private static String line(String key, String value) {
        return key + " = " + value.replace("\\", "\\\\").replace("\r", " ").replace("\n", " ");
    }
}
