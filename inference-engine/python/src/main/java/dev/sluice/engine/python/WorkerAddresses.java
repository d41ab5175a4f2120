// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deals out addresses to workers, each number once, and keeps the folder their sockets lie in.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> a folder it made is removed when it is closed, unless something is left in it.
 */
final class WorkerAddresses implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerAddresses.class);
    private static final int LONGEST_PATH = 100;
    private static final int LONGEST_NAME = WorkerAddress.Unix.PREFIX.length() + 11;
    private static final int LAST_PORT = 65_535;
    private static final String PRIVATE = "rwx------";
    private static final String PASSABLE = "rwx--x--x";

    private final boolean unixSockets;
    private final Path wanted;
    private final Optional<String> user;
    private final AtomicInteger next;
    private final AtomicInteger nextSpread;

    /** Guarded by this: where sockets lie, once that has been looked to. */
    private Optional<Path> folder = Optional.empty();

    /** @param user that workers run as, if it is another than the server's */
    WorkerAddresses(WorkerSettings settings, Optional<String> user) {
        this.unixSockets = settings.unixSockets();
        this.wanted = settings.socketDirectory();
        this.user = user;
        this.next = new AtomicInteger(settings.firstPort());
        this.nextSpread = new AtomicInteger(settings.firstDistributionPort());
    }

    /**
     * A fresh address.
     *
     * @param isSpread whether the worker is spread over several processes or cards, which have numbers of their own
     * @throws ServingException {@code LOAD_FAILED} if there is none
     */
    WorkerAddress next(int processes, boolean isSpread) {
        AtomicInteger counter = isSpread ? nextSpread : next;
        try {
            if (unixSockets) {
                return new WorkerAddress.Unix(counter.getAndAdd(processes), processes, folder());
            }
            int port = counter.getAndAdd(processes);
            while (!areFree(port, processes)) {
                port = counter.getAndAdd(processes);
            }
            return new WorkerAddress.Tcp(port, processes);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.LOAD_FAILED, "There is no address for a worker", e);
        }
    }

    /** Somebody else may take them at any time; a worker that does not get one fails to start, and the next has another. */
    private static boolean areFree(int first, int count) throws IOException {
        if (first + count - 1 > LAST_PORT) {
            throw new IOException("port: " + first + " (expected: at most " + LAST_PORT + ")");
        }
        for (int port = first; port < first + count; port++) {
            try (ServerSocket trial = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                LOG.trace("Port {} is free", trial.getLocalPort());
            } catch (IOException e) {
                LOG.debug("Port {} is taken", port, e);
                return false;
            }
        }
        return true;
    }

    /** Where a worker may make a socket or read a file that is for it alone. */
    synchronized Path folder() throws IOException {
        if (folder.isEmpty() || !Files.isDirectory(folder.get())) {
            Path made = made();
            SharedLane.sweep(made);
            folder = Optional.of(made);
        }
        return folder.get();
    }

    private Path made() throws IOException {
        Path absolute = wanted.toAbsolutePath();
        boolean isShort =
                absolute.toString().getBytes(StandardCharsets.UTF_8).length + 1 + LONGEST_NAME <= LONGEST_PATH;
        Path base = isShort ? Files.createDirectories(absolute) : Files.createTempDirectory("sluice");
        if (!isShort) {
            LOG.info("The folder for workers' sockets has too long a path for a socket; a temporary one is used");
        }
        restrict(base, user.isPresent() ? PASSABLE : PRIVATE);
        if (user.isEmpty()) {
            return base;
        }
        Path own = Files.createDirectories(base.resolve("w"));
        restrict(own, PRIVATE);
        give(own);
        return own;
    }

    private static void restrict(Path folder, String permissions) throws IOException {
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
        }
    }

    /** Makes {@code file} the workers' own, if they run as another user. */
    void give(Path file) throws IOException {
        if (user.isPresent()) {
            Files.setOwner(
                    file, file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user.get()));
        }
    }

    @Override
    public synchronized void close() {
        folder.ifPresent(made -> {
            try {
                Files.deleteIfExists(made);
            } catch (IOException e) {
                LOG.debug("The folder of workers' sockets stays", e);
            }
        });
    }
}
