// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a Unix socket. The socket is bound in a directory that nobody else may enter and gets its name when it has its
 * permissions, so that at no time others than the user the server runs as can connect. What a server that died has left is
 * replaced; any other file, and a socket somebody listens on, is not touched.
 *
 * <p><b>Threads:</b> claimed and published by the thread that binds; removed by any.
 */
final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);

    /** {@code sun_path} of unix(7), less its end mark. */
    private static final int MOST_BYTES = 107;

    private static final int TYPE_OF_FILE = 0170000;
    private static final int SOCKET = 0140000;

    private final Path path;
    private final Path nursery;

    /** Written when published: what tells our socket from another's of the same name. */
    private volatile @Nullable Object identity;

    private SocketFile(Path path, Path nursery) {
        this.path = path;
        this.nursery = nursery;
    }

    /** @throws IOException saying why there can be no socket of that name */
    static SocketFile claim(Path path) throws IOException {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IOException("it has no directory");
        }
        checkUnused(path);
        Path nursery = parent.resolve(".s" + Integer.toHexString(new SecureRandom().nextInt()));
        SocketFile file = new SocketFile(path, nursery);
        int bytes = Math.max(bytesOf(path), bytesOf(file.bindPath()));
        if (bytes > MOST_BYTES) {
            throw new IOException("the path is " + (bytes - MOST_BYTES) + " bytes too long");
        }
        Files.createDirectory(
                nursery, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return file;
    }

    private static int bytesOf(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    private static void checkUnused(Path path) throws IOException {
        try {
            int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & TYPE_OF_FILE) != SOCKET) {
                throw new FileAlreadyExistsException("a file that is no socket is there");
            }
        } catch (NoSuchFileException e) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw new FileAlreadyExistsException(
                    probe.isConnected() ? "another server listens there" : "another server may listen there");
        } catch (ConnectException e) {
            LOG.info("{} was left by a server that is gone; it is replaced", path);
        }
    }

    /** Where to bind. */
    Path bindPath() {
        return nursery.resolve("s");
    }

    /** Gives the bound socket its name. */
    void publish() throws IOException {
        Files.setPosixFilePermissions(bindPath(), PosixFilePermissions.fromString("rw-------"));
        identity = Files.readAttributes(bindPath(), BasicFileAttributes.class).fileKey();
        Files.move(bindPath(), path, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(nursery);
    }

    /** Removes the socket if it still is ours, and what is left of binding it. */
    void remove() {
        try {
            Files.deleteIfExists(bindPath());
            Files.deleteIfExists(nursery);
            if (identity != null
                    && identity.equals(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                            .fileKey())) {
                Files.delete(path);
                identity = null;
            }
        } catch (NoSuchFileException e) {
            LOG.debug("{} is gone already", path);
        } catch (IOException e) {
            LOG.warn("Could not remove {}", path, e);
        }
    }

    @Override
    public String toString() {
        return "unix:" + path;
    }
}
