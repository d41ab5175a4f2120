// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The file that holds the number of the running server's process, one for each directory of temporary files.
 *
 * <p>Source: torchserve.md section 5.7.
 */
final class PidFile {
    private static final String NAME = ".model_server.pid";

    /** What the process was called before it was told to stop; it may take a while. */
    private static final String STOPPING = ".model_server.stopping";

    /** A number in a file may be anybody's by now. */
    private static final Pattern SERVER = Pattern.compile("(dev\\.sluice\\.server\\.Main|/sluice)\\s+serve\\b");

    private final Path file;
    private final Path stopping;

    PidFile(Path directory) {
        this.file = directory.resolve(NAME);
        this.stopping = directory.resolve(STOPPING);
    }

    /** Where the original, which is Python, keeps temporary files. */
    static Path directory(Map<String, String> environment, Path otherwise) {
        return Stream.of("TMPDIR", "TEMP", "TMP")
                .map(name -> environment.getOrDefault(name, ""))
                .filter(value -> !value.isBlank())
                .map(Path::of)
                .filter(Files::isDirectory)
                .findFirst()
                .orElse(otherwise);
    }

    boolean exists() {
        return Files.exists(file);
    }

    /** The server whose number is in the file, if it is one and runs. */
    Optional<ProcessHandle> running() {
        return server(file);
    }

    /** The server that was told to stop and has not yet. */
    Optional<ProcessHandle> stopping() {
        return server(stopping);
    }

    private static Optional<ProcessHandle> server(Path file) {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip())
                    .filter(text -> text.matches("\\d{1,18}"))
                    .flatMap(text -> ProcessHandle.of(Long.parseLong(text)))
                    .filter(ProcessHandle::isAlive)
                    .filter(PidFile::isServer);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** By its command line; where the system does not show it, by its program. */
    private static boolean isServer(ProcessHandle process) {
        ProcessHandle.Info info = process.info();
        Optional<String> line = info.arguments()
                .map(arguments -> info.command().orElse("") + " " + String.join(" ", arguments))
                .or(info::commandLine);
        return line.map(text -> SERVER.matcher(text).find())
                .orElseGet(() ->
                        info.command().filter(text -> text.endsWith("java")).isPresent());
    }

    /** Whether the number is in the file now, and no other launcher's. */
    boolean write(long pid) {
        try {
            Files.writeString(file, Long.toString(pid), StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    file + " cannot be written (expected: a directory for temporary files)",
                    e);
        }
    }

    /** Deletes the file if it still holds that number. */
    void deleteIf(long pid) {
        try {
            if (Files.exists(file)
                    && Files.readString(file, StandardCharsets.UTF_8).strip().equals(Long.toString(pid))) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // Left behind it is an orphan, which the next start removes.
        }
    }

    void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.FAILED_PRECONDITION, file + " cannot be deleted", e);
        }
    }

    /** The server was told to stop: another may start, after it. */
    void retire() {
        try {
            Files.move(file, stopping, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            delete();
        }
    }
}
