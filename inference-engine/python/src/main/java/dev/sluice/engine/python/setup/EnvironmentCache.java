// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders that are slow to make, each made once by whichever process comes first and used by all.
 *
 * <p>Beside the folder {@code key} lie {@code key.lock}, locked while it is made or deleted, {@code key.done}, there once it is whole
 * and changed at each use, and {@code key.used}, locked by each process that uses it. A folder is made where it stays, because what
 * is installed in it may know its own path; without {@code key.done} it is what a process left that was killed.
 *
 * <p><b>Threads:</b> safe from any thread; those that want the same folder wait for one another. Two of one process must not share a
 * directory, for the system takes away all locks of a process on a file when it closes one.
 */
final class EnvironmentCache implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EnvironmentCache.class);
    private static final Duration KEPT_UNUSED = Duration.ofDays(30);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);
    private static final String DONE = ".done";

    private final Path directory;
    private final InstantSource clock;
    private final Ticker ticker;
    private final AtomicBoolean tidied = new AtomicBoolean();
    private final Map<String, ReentrantLock> makers = new ConcurrentHashMap<>();
    private final Map<String, FileChannel> used = new ConcurrentHashMap<>();

    EnvironmentCache(Path directory, InstantSource clock, Ticker ticker) {
        this.directory = directory.toAbsolutePath();
        this.clock = clock;
        this.ticker = ticker;
    }

    /** Makes the content of one folder. */
    interface Maker {
        /**
         * Makes it.
         *
         * @param folder which does not exist yet
         * @param left time there is for it
         * @throws ServingException if it cannot be made; the folder is then deleted
         */
        void make(Path folder, Duration left);
    }

    /**
     * The folder {@code key}, made if it is not there.
     *
     * @param limit longest time, waiting for others that make it included
     * @throws ServingException {@code LOAD_FAILED} if there is no time left or nothing can be written, or what the maker throws
     */
    Path obtain(String key, Duration limit, Maker maker) {
        long deadline = ticker.nanos() + limit.toNanos();
        ReentrantLock alone = makers.computeIfAbsent(key, unused -> new ReentrantLock());
        try {
            if (!alone.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                throw refusal("was being made by another model for all of " + limit.toSeconds() + " s", null);
            }
            try {
                OwnedDirectory.require(directory);
                if (tidied.compareAndSet(false, true)) {
                    deleteUnused();
                }
                try (FileChannel lock = open(key + ".lock")) {
                    awaitLock(lock, deadline);
                    return whole(key, deadline, maker);
                }
            } finally {
                alone.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw refusal("was not made, for the load was given up", e);
        } catch (IOException e) {
            throw refusal("cannot be written (python_cache_dir: expected a directory this user may write to)", e);
        }
    }

    private Path whole(String key, long deadline, Maker maker) throws IOException {
        Path folder = directory.resolve(key);
        Path done = directory.resolve(key + DONE);
        if (!Files.isRegularFile(done)) {
            FileTrees.delete(folder);
            boolean made = false;
            try {
                maker.make(folder, Duration.ofNanos(Math.max(1, deadline - ticker.nanos())));
                made = true;
            } finally {
                if (!made) {
                    FileTrees.delete(folder);
                }
            }
            // A list may be empty.
            Files.createDirectories(folder);
            Files.createFile(done);
        }
        Files.setLastModifiedTime(done, FileTime.from(clock.instant()));
        keep(key);
        return folder;
    }

    private void keep(String key) throws IOException {
        if (used.containsKey(key)) {
            return;
        }
        FileChannel channel = open(key + ".used");
        used.put(key, channel);
        FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true);
        LOG.debug("{} is used: {}", key, lock);
    }

    /** Waits for other processes; nothing tells when they are done. */
    private void awaitLock(FileChannel channel, long deadline) throws IOException, InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        while (lock(channel) == null) {
            boolean unused = never.await(BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
            if (ticker.nanos() - deadline >= 0) {
                throw refusal("was being made by another process all the time", null);
            }
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private FileChannel open(String name) throws IOException {
        return FileChannel.open(
                directory.resolve(name),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    /** Deletes what nobody used for long, and what was never finished. */
    private void deleteUnused() {
        Instant oldest = clock.instant().minus(KEPT_UNUSED);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.lock")) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                String key = name.substring(0, name.length() - ".lock".length());
                if (isOld(key, oldest)) {
                    deleteUnless(key, oldest);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.warn("Could not look for packages nobody uses in {}", directory, e);
        }
    }

    private boolean isOld(String key, Instant oldest) throws IOException {
        Path done = directory.resolve(key + DONE);
        return Files.isRegularFile(done)
                ? Files.getLastModifiedTime(done).toInstant().isBefore(oldest)
                : Files.exists(directory.resolve(key));
    }

    /** Deletes {@code key} unless somebody makes or uses it. */
    private void deleteUnless(String key, Instant oldest) {
        ReentrantLock alone = makers.computeIfAbsent(key, unused -> new ReentrantLock());
        if (used.containsKey(key) || !alone.tryLock()) {
            return;
        }
        try (FileChannel lock = open(key + ".lock");
                FileChannel use = open(key + ".used")) {
            if (lock(lock) != null && lock(use) != null && isOld(key, oldest)) {
                LOG.info("Deleting {}, which no model has used for {} days, or which was never finished", key, KEPT_UNUSED.toDays());
                Files.deleteIfExists(directory.resolve(key + DONE));
                FileTrees.delete(directory.resolve(key));
                Files.deleteIfExists(directory.resolve(key + ".used"));
            }
        } catch (IOException e) {
            LOG.warn("Could not delete {}", directory.resolve(key), e);
        } finally {
            alone.unlock();
        }
    }

    private static ServingException refusal(String what, @Nullable Exception cause) {
        String message = "The model's Python environment " + what;
        return cause == null
                ? new ServingException(ErrorCode.LOAD_FAILED, message)
                : new ServingException(ErrorCode.LOAD_FAILED, message, cause);
    }

    @Override
    public void close() {
        used.forEach((key, channel) -> {
            try {
                channel.close();
            } catch (IOException e) {
                LOG.debug("A lock could not be closed", e);
            }
        });
        used.clear();
    }
}
