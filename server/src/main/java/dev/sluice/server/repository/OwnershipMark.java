// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A locked file in a directory, which says that the process the directory belongs to is alive: the system takes the lock away
 * however a process ends.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class OwnershipMark implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnershipMark.class);
    private static final String FILE = ".alive";

    private final FileChannel channel;

    private OwnershipMark(FileChannel channel) {
        this.channel = channel;
    }

    /** Marks {@code directory} as that of this process. */
    static OwnershipMark on(Path directory) throws IOException {
        Path unlocked = directory.resolve(FILE + ".new");
        FileChannel channel = FileChannel.open(unlocked, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        // Held as long as the channel is open. It gets its name afterwards, so that nobody finds it unlocked before.
        FileLock lock = channel.lock();
        Files.move(unlocked, directory.resolve(FILE));
        LOG.debug("{} is locked: {}", directory, lock);
        return new OwnershipMark(channel);
    }

    /**
     * Whether {@code directory} was marked by a process of the same user that is gone. One without a mark, or of which nothing
     * can be said, is not.
     *
     * @param own a directory of this user
     */
    static boolean isAbandoned(Path directory, Path own) {
        Path file = directory.resolve(FILE);
        try {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
                    || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || !Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(own))) {
                return false;
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                FileLock lock = channel.tryLock();
                return lock != null;
            }
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            LOG.debug("Nothing can be said of {}", directory, e);
            return false;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("A lock could not be closed", e);
        }
    }
}
