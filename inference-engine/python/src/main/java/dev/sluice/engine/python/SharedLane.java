// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory that one worker and the server both see, through which tensors go to the worker without passing through a socket. Each call
 * begins with all of it. A worker that still looks at what an earlier call left there says so in the first byte; nothing is written any
 * more from then on.
 *
 * <p><b>Threads:</b> one at a time.
 *
 * <p><b>Ownership:</b> owns its file, which is deleted once the worker has it open, and gives the memory back when closed; the worker
 * must have ended by then.
 */
final class SharedLane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedLane.class);
    private static final List<Path> MEMORY_FOLDERS = List.of(Path.of("/dev/shm"));
    private static final String PREFIX = "sluice-";
    private static final String SUFFIX = ".worker";
    private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{1,10})-\\d+" + Pattern.quote(SUFFIX));
    private static final int HEADER_BYTES = 64;
    private static final int ALIGNMENT = 64;

    private final Path file;
    private final FileChannel channel;
    private final MappedByteBuffer memory;

    /** Whoever calls the worker: where the next tensor may begin. */
    private int end = HEADER_BYTES;

    /** Whoever calls the worker: whether the worker still reads what earlier calls left. */
    private boolean isKept;

    private SharedLane(Path file, FileChannel channel, MappedByteBuffer memory) {
        this.file = file;
        this.channel = channel;
        this.memory = memory;
    }

    /**
     * Makes one.
     *
     * @param fallback where its file goes if the machine has no folder in memory that can be used
     * @throws IOException if it cannot be made
     */
    static SharedLane create(Path fallback, long bytes) throws IOException {
        Path folder =
                MEMORY_FOLDERS.stream().filter(Files::isWritable).findFirst().orElse(fallback);
        // For this user alone: so are all temporary files.
        Path file =
                Files.createTempFile(folder, PREFIX + ProcessHandle.current().pid() + "-", SUFFIX);
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                long size = Math.max(HEADER_BYTES, Math.min(bytes, Integer.MAX_VALUE));
                return new SharedLane(file, channel, channel.map(FileChannel.MapMode.READ_WRITE, 0, size));
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** Deletes what servers left that were killed while a worker loaded. */
    static void sweep(Path fallback) {
        MEMORY_FOLDERS.stream().filter(Files::isWritable).forEach(SharedLane::sweepOne);
        sweepOne(fallback);
    }

    private static void sweepOne(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(SharedLane::isLeft).toList()) {
                Files.deleteIfExists(file);
                LOG.info("A worker's shared memory was left by a server that is gone, and has been deleted");
            }
        } catch (IOException e) {
            LOG.debug("Shared memory of workers may have been left", e);
        }
    }

    private static boolean isLeft(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }

    Path file() {
        return file;
    }

    List<String> arguments() {
        return List.of("--shared-memory", file.toString(), "--shared-memory-size", Integer.toString(memory.capacity()));
    }

    /** Takes its name away: whoever has it open goes on. */
    void hide() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("The file of a worker's shared memory could not be deleted", e);
        }
    }

    /** A new call begins, the one before is over. */
    void begin() {
        end = HEADER_BYTES;
        isKept = isKept || memory.get(0) != 0;
    }

    /** Puts {@code bytes} where the worker sees them, moving their position; -1 if they do not fit or none may be put. */
    int put(ByteBuffer bytes) {
        int start = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (isKept || start < 0 || bytes.remaining() > memory.capacity() - start) {
            return -1;
        }
        end = start + bytes.remaining();
        memory.duplicate().position(start).put(bytes);
        return start;
    }

    @Override
    public void close() {
        hide();
        try (channel) {
            // The mapping itself goes when it is collected; what it takes goes now.
            channel.truncate(0);
        } catch (IOException e) {
            LOG.debug("A worker's shared memory could not be given back", e);
        }
    }
}
