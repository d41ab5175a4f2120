// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** What a file is that people take for a TorchScript model, told by what is in it: its name says little. */
final class TorchFile {
    private static final byte[] NATIVE_CODE = {0x7F, 'E', 'L', 'F'};

    /** How torch.save began a file before it wrote archives: the pickled number 0x1950a86a20f9469cfc6c. */
    private static final byte[] OLD_PICKLE = {
        (byte) 0x80, 2, (byte) 0x8A, 10, 0x6C, (byte) 0xFC, (byte) 0x9C, 0x46, (byte) 0xF9, 0x20
    };

    private static final String PICKLED =
            "what torch.save writes, weights or pickled objects without the code that uses them";

    /**
     * Calls that change a tensor where it is, as the code in an archive writes them: {@code torch.relu_(x)}, {@code torch.__ior__(x, y)},
     * {@code out=x}.
     */
    private static final Pattern WRITING = Pattern.compile("[A-Za-z0-9]_\\(|__i[a-z]+__\\(|\\bout=");

    /** Longer than any of those. */
    private static final int LONGEST_CALL = 64;

    /** More code than modules have; what has more counts as writing. */
    private static final int MOST_CODE = 64 << 20;

    private TorchFile() {}

    /**
     * Whether the TorchScript module in {@code file} may change its arguments' numbers: whether anything in its code changes any tensor in
     * place, or it has none that can be read.
     */
    static boolean mayWriteIntoArguments(Path file) {
        try (ZipFile archive = new ZipFile(file.toFile())) {
            List<? extends ZipEntry> code = archive.stream()
                    .filter(entry -> entry.getName().matches("[^/]+/code/.*\\.py"))
                    .toList();
            for (ZipEntry entry : code) {
                try (InputStream content = archive.getInputStream(entry)) {
                    if (writes(content)) {
                        return true;
                    }
                }
            }
            return code.isEmpty();
        } catch (IOException e) {
            return true; // of the days before archives
        }
    }

    private static boolean writes(InputStream code) throws IOException {
        String tail = "";
        byte[] piece = code.readNBytes(8192);
        for (int read = 0; piece.length > 0; read += piece.length, piece = code.readNBytes(8192)) {
            String text = tail + new String(piece, StandardCharsets.ISO_8859_1);
            if (read > MOST_CODE || WRITING.matcher(text).find()) {
                return true;
            }
            tail = text.substring(Math.max(0, text.length() - LONGEST_CALL));
        }
        return false;
    }

    /** What {@code file}, which libtorch refused, is instead of a TorchScript model; empty if it looks like one, or like nothing known. */
    static Optional<String> whatElse(Path file) {
        try {
            byte[] start = start(file);
            if (startsWith(start, NATIVE_CODE)) {
                return Optional.of("a native library, as AOTInductor compiles");
            }
            if (startsWith(start, OLD_PICKLE)) {
                return Optional.of(PICKLED);
            }
            return startsWith(start, "PK".getBytes(StandardCharsets.US_ASCII)) ? archive(file) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // libtorch has said already that it cannot be read
        }
    }

    private static Optional<String> archive(Path file) throws IOException {
        try (ZipFile archive = new ZipFile(file.toFile())) {
            List<String> names = archive.stream().map(ZipEntry::getName).toList();
            if (names.stream().anyMatch(name -> name.contains("aotinductor/"))) {
                return Optional.of("a package compiled by AOTInductor");
            }
            if (names.stream().anyMatch(TorchFile::isExported)) {
                return Optional.of("a program saved by torch.export");
            }
            if (has(names, "constants.pkl")) {
                return Optional.empty();
            }
            if (has(names, "bytecode.pkl")) {
                return Optional.of("a PyTorch Mobile model with bytecode alone");
            }
            return has(names, "data.pkl") ? Optional.of(PICKLED) : Optional.empty();
        }
    }

    private static boolean isExported(String name) {
        return name.endsWith("serialized_exported_program.json") || name.matches(".*/models/[^/]+\\.json");
    }

    /** Whether one of {@code names} is {@code file} in the archive's one folder. */
    private static boolean has(List<String> names, String file) {
        return names.stream().anyMatch(name -> name.endsWith("/" + file));
    }

    private static byte[] start(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return content.readNBytes(OLD_PICKLE.length);
        }
    }

    private static boolean startsWith(byte[] content, byte[] start) {
        return content.length >= start.length && Arrays.equals(Arrays.copyOf(content, start.length), start);
    }
}
