// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.engine.FileSuffixes;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Tells models from other files by their names, as the engines of this server know them. Some endings say little: anything may be
 * {@code .json} or {@code .txt}. A file with one of those is a model where somebody names it, or where it is alone in a folder that
 * says nothing; and files that models are known to bring along are none, however they end.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class ModelFinder {
    /** Endings that other files have, too. */
    private static final Set<String> SHARED = Set.of(".json", ".txt");

    /** Files that lie beside models and are read by handlers or by people. */
    private static final Set<String> COMPANIONS = Set.of(
            "index_to_name.json",
            "setup_config.json",
            "source_vocab.pt",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "config.json",
            "generation_config.json",
            "preprocessor_config.json",
            "vocab.json",
            "manifest.json",
            "metrics.json",
            "vocab.txt",
            "vocabulary.txt",
            "merges.txt",
            "labels.txt",
            "classes.txt",
            "requirements.txt",
            "readme.txt",
            "license.txt",
            "notice.txt");

    private final TreeSet<String> suffixes;

    ModelFinder(Set<String> suffixes) {
        this.suffixes = new TreeSet<>(suffixes);
    }

    /** Whether a file that somebody named is a model, and no archive. */
    boolean isModel(String file) {
        return !isCompanion(file) && suffixes.stream().anyMatch(suffix -> FileSuffixes.fits(suffix, file));
    }

    /** Whether a file that nobody named is a model all the same. */
    boolean isSurelyModel(String file) {
        return !isCompanion(file)
                && suffixes.stream()
                        .filter(suffix -> !SHARED.contains(suffix))
                        .anyMatch(suffix -> FileSuffixes.fits(suffix, file));
    }

    /** {@code file} without the suffix that makes it a model. */
    String stem(String file) {
        return suffixes.stream()
                .filter(suffix -> !FileSuffixes.isWholeName(suffix) && FileSuffixes.fits(suffix, file))
                .max((one, other) -> Integer.compare(one.length(), other.length()))
                .map(suffix -> file.substring(0, file.length() - suffix.length()))
                .orElse(file);
    }

    /** The file of fixed name that makes {@code folder} a model, if there is one. */
    Optional<String> inFolder(Path folder) {
        return wholeNames().stream()
                .filter(name -> Files.isRegularFile(folder.resolve(name)))
                .findFirst();
    }

    /** What to name to be understood, for messages. */
    String expected() {
        return suffixes.isEmpty() ? "one that an engine of this server runs" : String.join(", ", suffixes);
    }

    /** Names that make folders models. */
    List<String> wholeNames() {
        return suffixes.stream().filter(FileSuffixes::isWholeName).toList();
    }

    /**
     * The one model in {@code root}, a file or a folder's file of fixed name; nothing if there is not exactly one.
     *
     * @param isUndescribed whether nothing says what the files are, so that shared endings count where there are no others
     */
    Optional<String> only(Path root, boolean isUndescribed) {
        List<String> sure = new ArrayList<>();
        List<String> possible = new ArrayList<>();
        try (Stream<Path> children = Files.list(root)) {
            for (Path child : (Iterable<Path>) children::iterator) {
                String name = String.valueOf(child.getFileName());
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    inFolder(child).map(file -> name + "/" + file).ifPresent(sure::add);
                } else if (Files.isRegularFile(child) && isModel(name)) {
                    (isSurelyModel(name) ? sure : possible).add(name);
                }
            }
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's files cannot be listed", e);
        }
        List<String> candidates = sure.isEmpty() && isUndescribed ? possible : sure;
        return candidates.size() == 1 ? Optional.of(candidates.get(0)) : Optional.empty();
    }

    private static boolean isCompanion(String file) {
        return COMPANIONS.contains(file.substring(file.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT));
    }
}
