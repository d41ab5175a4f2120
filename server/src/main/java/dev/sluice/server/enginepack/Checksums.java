// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of a filled pack and their SHA-256, in {@code files.sha256} as {@code sha256sum} writes and checks it. The folder
 * may be handed around with its natives linked or copied.
 */
public final class Checksums {
    /** The file that holds them. */
    public static final String FILE = "files.sha256";

    private static final int HEX_DIGITS = 64;
    private static final String BETWEEN = "  ";

    /** What a machine that lost power leaves instead are zeros, which no file is called. */
    private static final Pattern LINE = Pattern.compile("[0-9a-f]{64}  [^\\x00]+");

    private Checksums() {}

    /** A digest to feed bytes to. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** What has been fed, in lower-case hexadecimal. */
    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256 of a file. */
    public static String of(Path file) throws IOException {
        MessageDigest digest = digest();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return hex(digest);
    }

    /** All files below {@code folder} but the list itself, links followed, by their path with {@code /}. */
    public static Map<String, Path> files(Path folder) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(file).toString().replace('\\', '/');
                if (!name.equals(FILE)) {
                    files.put(name, file);
                }
            }
        } catch (UncheckedIOException e) {
            // A folder that may not be read, or a link to where it lies.
            throw e.getCause();
        }
        return files;
    }

    /** Writes {@code sums}, by path, into the list of {@code folder}. */
    public static void write(Path folder, Map<String, String> sums) throws IOException {
        List<String> lines = new ArrayList<>();
        new TreeMap<>(sums).forEach((name, sum) -> lines.add(sum + BETWEEN + name));
        Files.write(folder.resolve(FILE), lines);
    }

    /**
     * The list of {@code folder}; empty if it has none.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} if it is no such list
     */
    static Optional<Map<String, String>> read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            Map<String, String> sums = new TreeMap<>();
            for (String line : Files.readAllLines(file)) {
                if (!LINE.matcher(line).matches()) {
                    throw new IOException("line: " + line);
                }
                sums.put(line.substring(HEX_DIGITS + BETWEEN.length()), line.substring(0, HEX_DIGITS));
            }
            return Optional.of(sums);
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, file + " cannot be read (expected: lines of sha256sum)", e);
        }
    }
}
