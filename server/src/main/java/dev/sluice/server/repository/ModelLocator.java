// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.repository.download.ModelDownloads;
import dev.sluice.server.repository.download.ModelDownloads.Fetched;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a location that somebody named may mean: something whose real path, links followed, lies in the model store,
 * and nothing else. A URL that is allowed is fetched into the store first.
 *
 * <p><b>Errors:</b> {@code SOURCE_NOT_FOUND} with the original's wording.
 *
 * <p>Source: torchserve.md section 2.2, "url resolution"; unlike there a directory outside the store is never used.
 */
final class ModelLocator {
    private static final Pattern HAS_SCHEME = Pattern.compile("^[a-zA-Z][a-zA-Z0-9+.-]*://.*", Pattern.DOTALL);

    private final @Nullable Path store;
    private final ModelFinder finder;
    private final Optional<ModelDownloads> downloads;

    ModelLocator(Optional<Path> store, ModelFinder finder, Optional<ModelDownloads> downloads) {
        this.store = store.orElse(null);
        this.finder = finder;
        this.downloads = downloads;
    }

    /** What was found. */
    enum Kind {
        ARCHIVE,
        DIRECTORY,
        PLAIN_FILE
    }

    /**
     * A place that may be read.
     *
     * @param name its own name in the store
     * @param path with its links followed
     * @param isNew whether it was fetched just now
     */
    record Found(Kind kind, String name, Path path, boolean isNew) {
        Found(Kind kind, String name, Path path) {
            this(kind, name, path, false);
        }
    }

    static boolean isUrl(String location) {
        return HAS_SCHEME.matcher(location).matches();
    }

    /** Where it is, once it has been fetched if need be. */
    Found find(RegisterModel command) {
        String location = command.source();
        if (store == null) {
            throw notFound("Model store has not been configured.");
        }
        if (location.isEmpty()) {
            throw notFound("empty url");
        }
        if (location.contains("..")) {
            throw notFound("Relative path is not allowed in url: " + location);
        }
        try {
            if (isUrl(command.location()) && !isFetched(command, store)) {
                Fetched file = fetched(command, store);
                Found found = inStore(store.toRealPath(), file.name());
                return new Found(found.kind(), found.name(), found.path(), file.isNew());
            }
            return inStore(store.toRealPath(), location);
        } catch (IOException | InvalidPathException e) {
            throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "Model not found at: " + location, e);
        }
    }

    /** Whether an earlier process fetched it, and it is there still. */
    private static boolean isFetched(RegisterModel command, Path store) {
        return command.restored().isPresent() && Files.exists(store.resolve(baseName(command.source())));
    }

    private Fetched fetched(RegisterModel command, Path store) {
        return downloads
                .orElseThrow(() -> notFound("Given URL " + command.location() + " does not match any allowed URL(s)"))
                .fetch(command.location(), store, command.signedForS3(), command.atStartup());
    }

    private Found inStore(Path store, String location) throws IOException {
        String name = baseName(location);
        Path byName = store.resolve(name);
        Path candidate = Files.isRegularFile(byName) || !Path.of(location).isAbsolute() ? byName : Path.of(location);
        Path real = candidate.toRealPath();
        if (name.isEmpty() || !real.startsWith(store) || real.equals(store)) {
            throw notFound("Model not found at: " + location);
        }
        if (Files.isRegularFile(real)) {
            return new Found(finder.isModel(name) ? Kind.PLAIN_FILE : Kind.ARCHIVE, name, real);
        }
        if (Files.isDirectory(real)) {
            return new Found(Kind.DIRECTORY, name, onlyChildOf(real));
        }
        throw notFound("Model not found at: " + location);
    }

    /** A directory that holds one directory and nothing else stands for that one. */
    private static Path onlyChildOf(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            List<Path> firstTwo = children.limit(2).toList();
            boolean single = firstTwo.size() == 1
                    && Files.isDirectory(firstTwo.get(0), LinkOption.NOFOLLOW_LINKS)
                    && !firstTwo.get(0).endsWith("MAR-INF");
            return single ? firstTwo.get(0) : directory;
        }
    }

    private static String baseName(String location) {
        String trimmed = location.endsWith("/") ? location.substring(0, location.length() - 1) : location;
        return trimmed.substring(Math.max(trimmed.lastIndexOf('/'), trimmed.lastIndexOf('\\')) + 1);
    }

    private static ServingException notFound(String message) {
        return new ServingException(ErrorCode.SOURCE_NOT_FOUND, message);
    }
}
