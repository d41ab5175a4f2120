// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that tells the tokens to whoever may read it: the user the server runs as, and nobody else. It is never there with
 * other permissions, nor half written: the first version is a file made with them, which then takes the name, and later ones are
 * written over it in one piece, all being of one length. They must not take its place: where workers of Python handlers see something
 * empty instead of this very file, they would see another that comes in its place.
 *
 * <p><b>Threads:</b> confined to whoever writes; {@link Tokens} has a lock.
 *
 * <p>Source: torchserve.md section 2.8.
 */
final class KeyFile {
    private static final Logger LOG = LoggerFactory.getLogger(KeyFile.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** The text is filled up to a multiple of it, which is what one page of memory holds several times. */
    private static final int LENGTH = 1024;

    private final Path path;

    /** Written under the lock of {@link Tokens}: what the file holds if nobody else has written to it. */
    private byte @Nullable [] written;

    KeyFile(Path path) {
        this.path = path.toAbsolutePath();
    }

    Path path() {
        return path;
    }

    /** @throws ServingException {@code FAILED_PRECONDITION} if that cannot be done safely; then the old version stays */
    void write(Map<TokenKind, Token> tokens) {
        byte[] content = print(tokens);
        Path fresh = path.resolveSibling("." + path.getFileName() + "-" + UUID.randomUUID());
        try {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw refused("a file, not a directory", null);
            }
            if (isOurs(content.length)) {
                writeTo(path, content, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
            } else {
                writeTo(fresh, content, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
                Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            written = content;
        } catch (UnsupportedOperationException e) {
            throw refused("on a file system where files can be for one user alone", e);
        } catch (IOException e) {
            throw refused("in a directory this user may write to", e);
        } finally {
            delete(fresh);
        }
    }

    /** Whether the file is the one this server made, untouched since, and of that length. */
    private boolean isOurs(int length) throws IOException {
        byte[] last = written;
        return last != null
                && last.length == length
                && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                && Files.getPosixFilePermissions(path).equals(OWNER_ONLY.value())
                && Arrays.equals(last, Files.readAllBytes(path));
    }

    private static void writeTo(Path file, byte[] content, Set<? extends OpenOption> how) throws IOException {
        try (FileChannel channel = FileChannel.open(file, how, OWNER_ONLY)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /** Removes the file, unless another server has put its own in its place. */
    void removeIfOurs() {
        try {
            if (written != null && Arrays.equals(written, Files.readAllBytes(path))) {
                Files.delete(path);
            }
        } catch (IOException e) {
            LOG.debug("The key file is not removed", e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("Could not delete {}, which holds tokens", file, e);
        }
    }

    private static byte[] print(Map<TokenKind, Token> tokens) {
        ObjectNode all = JSON.createObjectNode();
        new EnumMap<>(tokens).forEach((kind, token) -> {
            ObjectNode one = all.putObject(kind.key()).put("key", token.secret());
            token.expires().ifPresent(time -> one.put("expiration time", time.toString()));
        });
        try {
            String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all);
            int blanks = LENGTH - 1 - text.length() % LENGTH;
            return (text + " ".repeat(blanks) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private ServingException refused(String expected, @Nullable Exception cause) {
        String message = "key_file: " + path + " (expected: " + expected
                + "; name another with --set key_file=FILE, or serve without tokens with --disable-token-auth)";
        return cause == null
                ? new ServingException(ErrorCode.FAILED_PRECONDITION, message)
                : new ServingException(ErrorCode.FAILED_PRECONDITION, message, cause);
    }
}
