// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Numbers of the words a model of TorchServe's kind was trained with, from {@code source_vocab.pt}: what {@code torch.save} wrote of
 * torchtext's {@code Vocab}, of a mapping of words to numbers, or of a list of words. Or from {@code source_vocab.txt}, a word a line, the first
 * being number 0.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/text_handler.py} for the name; pytorch/text {@code torchtext/csrc/vocab.cpp} for the state.
 *
 * <p><b>Threads:</b> immutable.
 */
public final class SourceVocabulary {
    static final String PICKLED = "source_vocab.pt";
    static final String LINES = "source_vocab.txt";
    private static final String UNKNOWN = "<unk>";
    private static final long MOST_BYTES = 256L << 20;
    private static final String EXPECTED =
            " (expected: torch.save of a torchtext Vocab, of a dict of words and numbers, or of a list of words)";

    private final Map<String, Long> numbers;
    private final OptionalLong unknown;

    private SourceVocabulary(Map<String, Long> numbers, OptionalLong unknown) {
        this.numbers = Map.copyOf(numbers);
        Long named = this.numbers.get(UNKNOWN);
        this.unknown = unknown.isPresent() || named == null ? unknown : OptionalLong.of(named);
    }

    /** Whether a model has one. */
    public static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(PICKLED)) || Files.isRegularFile(folder.resolve(LINES));
    }

    /**
     * The vocabulary in {@code folder}.
     *
     * @throws ServingException {@code INVALID_MODEL} if there is none, or it is not of a known form
     */
    public static SourceVocabulary load(Path folder) {
        Path pickled = folder.resolve(PICKLED);
        try {
            return Files.isRegularFile(pickled) ? pickled(pickled) : lines(folder.resolve(LINES));
        } catch (ZipException e) {
            throw invalid(PICKLED + ": not a zip file, as torch.save has written since 1.6" + EXPECTED, e);
        } catch (IOException e) {
            throw invalid((Files.isRegularFile(pickled) ? PICKLED : LINES) + ": cannot be read", e);
        }
    }

    private static SourceVocabulary lines(Path file) throws IOException {
        requireSize(LINES, Files.size(file));
        return ofWords(Files.readAllLines(file), OptionalLong.empty());
    }

    private static SourceVocabulary pickled(Path file) throws IOException {
        byte[] pickle;
        try (ZipFile zip = new ZipFile(file.toFile())) {
            ZipEntry entry = pickle(zip);
            requireSize(PICKLED, entry.getSize());
            try (InputStream in = zip.getInputStream(entry)) {
                pickle = in.readNBytes((int) MOST_BYTES);
            }
        }
        return ofPickle(pickle);
    }

    private static ZipEntry pickle(ZipFile zip) {
        for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
            ZipEntry entry = entries.nextElement();
            if (entry.getName().endsWith("/data.pkl")) {
                return entry;
            }
        }
        throw invalid(PICKLED + ": a zip file without data.pkl" + EXPECTED);
    }

    private static void requireSize(String name, long size) {
        if (size > MOST_BYTES) {
            throw invalid(name + ": " + size + " bytes (expected: at most " + MOST_BYTES + ")");
        }
    }

    static SourceVocabulary ofPickle(byte[] pickle) {
        try {
            return of(PickleReader.read(pickle));
        } catch (IOException e) {
            throw invalid(PICKLED + ": " + e.getMessage() + EXPECTED, e);
        }
    }

    private static SourceVocabulary of(Object value) {
        if (value instanceof Map<?, ?> map) {
            return ofMap(map, OptionalLong.empty());
        }
        if (value instanceof List<?> list) {
            return ofWords(list, OptionalLong.empty());
        }
        if (value instanceof PickleReader.Made made) {
            return ofVocab(made);
        }
        throw invalid(PICKLED + ": a value that is no vocabulary" + EXPECTED);
    }

    /** torchtext's class, as it is since 0.10 around one in C++, that one alone, or as it was before. */
    private static SourceVocabulary ofVocab(PickleReader.Made made) {
        if (made.state instanceof Map<?, ?> attributes) {
            if (attributes.get("vocab") instanceof PickleReader.Made inner && inner != made) {
                return ofState(inner.state);
            }
            if (attributes.get("stoi") instanceof Map<?, ?> numbers) {
                Optional<Object> unknown = Optional.ofNullable(attributes.get("unk_index"));
                return ofMap(numbers, number(unknown.orElse(PickleReader.NONE)));
            }
        }
        return ofState(made.state);
    }

    /** Version, numbers of which the first is the default, words, tensors. */
    private static SourceVocabulary ofState(Object state) {
        if (state instanceof List<?> parts
                && parts.size() == 4
                && parts.get(1) instanceof List<?> numbers
                && parts.get(2) instanceof List<?> words) {
            return ofWords(words, numbers.isEmpty() ? OptionalLong.empty() : number(numbers.get(0)));
        }
        throw invalid(PICKLED + ": a Vocab with a state of another form" + EXPECTED);
    }

    private static OptionalLong number(Object value) {
        return value instanceof Long number ? OptionalLong.of(number) : OptionalLong.empty();
    }

    private static SourceVocabulary ofMap(Map<?, ?> map, OptionalLong unknown) {
        Map<String, Long> numbers = new HashMap<>();
        map.forEach((word, number) -> {
            if (!(word instanceof String text) || !(number instanceof Long value) || value < 0) {
                throw invalid(PICKLED + ": a mapping with other things than words and numbers" + EXPECTED);
            }
            numbers.put(text, value);
        });
        return checked(numbers, unknown);
    }

    private static SourceVocabulary ofWords(List<?> words, OptionalLong unknown) {
        Map<String, Long> numbers = new HashMap<>();
        for (Object word : words) {
            if (!(word instanceof String text)) {
                throw invalid(PICKLED + ": a list with other things than words" + EXPECTED);
            }
            numbers.putIfAbsent(text, (long) numbers.size());
        }
        return checked(numbers, unknown);
    }

    private static SourceVocabulary checked(Map<String, Long> numbers, OptionalLong unknown) {
        if (numbers.isEmpty()) {
            throw invalid("the model's vocabulary: empty (expected: a word or more)");
        }
        return new SourceVocabulary(numbers, unknown);
    }

    /**
     * The numbers of {@code words}; those not in the vocabulary have its number for unknown ones.
     *
     * @throws ServingException {@code INVALID_INPUT} if there is no such number
     */
    public long[] numbers(List<String> words) {
        return words.stream().mapToLong(this::numberOf).toArray();
    }

    private long numberOf(String word) {
        Long number = numbers.get(word);
        if (number != null) {
            return number;
        }
        return unknown.orElseThrow(() -> new ServingException(
                ErrorCode.INVALID_INPUT,
                "text: '" + (word.length() > 50 ? word.substring(0, 50) + "..." : word)
                        + "' (expected: words of the model's vocabulary, which has no number for others)"));
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }

    private static ServingException invalid(String message, Exception cause) {
        return new ServingException(ErrorCode.INVALID_MODEL, message, cause);
    }
}
