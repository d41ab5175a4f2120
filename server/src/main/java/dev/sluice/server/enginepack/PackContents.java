// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Turns jars, whose checksums were right, into the folders {@code lib} and {@code native} of a pack. */
public final class PackContents {
    /** Native libraries of any system, and the debug symbols some jars bring along. */
    private static final Pattern NATIVE =
            Pattern.compile(".*\\.(?:so|so\\.[0-9.]+|dylib|jnilib|dll|lib|pdb)|.*\\.dSYM/.*");

    private static final long MOST_LIBRARY = 1L << 30;
    private static final int CHUNK = 1 << 16;

    private PackContents() {}

    /**
     * Puts what {@code jar} is good for into {@code folder}: itself into {@code lib}, its natives into {@code native}. A jar
     * whose natives are unpacked goes without any into {@code lib}, because nobody would read them there.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} if the jar is not what the descriptor says
     */
    public static void add(Path jar, PackDescriptor descriptor, Artifact artifact, Path folder) throws IOException {
        List<NativeFile> natives = descriptor.nativesOf(artifact);
        for (NativeFile file : natives) {
            unpack(jar, file, Files.createDirectories(folder.resolve("native")));
        }
        if (artifact.isLibrary()) {
            addLibrary(jar, artifact.coordinates().fileName(), !natives.isEmpty(), folder);
        }
    }

    /** Puts a jar into {@code lib}, with its native libraries or without. */
    public static void addLibrary(Path jar, String name, boolean stripped, Path folder) throws IOException {
        Path target = Files.createDirectories(folder.resolve("lib")).resolve(name);
        if (stripped) {
            copyWithoutNatives(jar, target);
        } else {
            Files.copy(jar, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void unpack(Path jar, NativeFile file, Path natives) throws IOException {
        Path target = natives.resolve(file.file()).normalize();
        if (!target.startsWith(natives)) {
            throw wrong(jar, file, "a file that stays in the native folder");
        }
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry entry = zip.getEntry(file.entry());
            if (entry == null) {
                throw wrong(jar, file, "such an entry; there is none");
            }
            Files.createDirectories(target.resolveSibling(""));
            try (InputStream in = zip.getInputStream(entry);
                    OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
                long count = copy(in, out, file.size());
                if (count != file.size()) {
                    throw wrong(
                            jar,
                            file,
                            file.size() + " bytes; it has " + (count > file.size() ? "more" : Long.toString(count)));
                }
            }
        }
    }

    private static void copyWithoutNatives(Path jar, Path target) throws IOException {
        long left = MOST_LIBRARY;
        try (ZipFile zip = new ZipFile(jar.toFile());
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(target))) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (entry.isDirectory() || NATIVE.matcher(entry.getName()).matches()) {
                    continue;
                }
                ZipEntry copied = new ZipEntry(entry.getName());
                copied.setTime(entry.getTime());
                out.putNextEntry(copied);
                try (InputStream in = zip.getInputStream(entry)) {
                    left -= copy(in, out, left);
                }
                if (left < 0) {
                    throw new ServingException(
                            ErrorCode.FAILED_PRECONDITION,
                            jar.getFileName() + " unpacks to more than " + MOST_LIBRARY
                                    + " bytes (expected: a library)");
                }
            }
        }
    }

    /** Copies until the end, or until there has been more than {@code most}; how much there has been. */
    private static long copy(InputStream in, OutputStream out, long most) throws IOException {
        byte[] buffer = new byte[CHUNK];
        long total = 0;
        for (int count = in.read(buffer); count >= 0 && total <= most; count = in.read(buffer)) {
            total += count;
            if (total <= most) {
                out.write(buffer, 0, count);
            }
        }
        return total;
    }

    private static ServingException wrong(Path jar, NativeFile file, String expected) {
        return new ServingException(
                ErrorCode.FAILED_PRECONDITION,
                "entry " + file.entry() + " of " + jar.getFileName() + " (expected: " + expected + ")");
    }
}
