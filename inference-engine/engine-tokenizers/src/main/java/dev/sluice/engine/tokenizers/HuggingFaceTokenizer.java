// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One native tokenizer, never changed after it was opened: the library takes no lock, so what it is set to must stay.
 *
 * <p>A native panic would end the process, so what is known to cause one is refused before: windows without room, and what
 * {@link TokenizerFile} looks for.
 */
final class HuggingFaceTokenizer implements Tokenizer {
    /** Tokens that all windows of a text may have together: about 200 MB of native memory. */
    private static final long MOST_WINDOW_TOKENS = 2_000_000;

    private final TokenizersLibrary library;
    private final long handle;
    private final int padId;
    private final OptionalInt unknownId;
    private final TokenizerOptions options;
    private final int maxLength;
    /** Tokens around a single text, and around and between a pair. */
    private final int aroundOne;

    private final int aroundTwo;

    /** Held for reading while native code reads the tokenizer, for writing to free it. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    /** Guarded by {@link #use}. */
    private boolean closed;

    private HuggingFaceTokenizer(TokenizersLibrary library, long handle, TokenizerFile file, TokenizerOptions options) {
        this.library = library;
        this.handle = handle;
        this.padId = file.padId();
        this.unknownId = file.unknownId();
        this.options = options;
        this.maxLength = options.maxLength().orElse(file.maxLength().orElse(TokenizerOptions.DEFAULT_MAX_LENGTH));
        library.disableTruncation(handle);
        library.disablePadding(handle);
        this.aroundOne = length(library.encode(handle, "", true));
        this.aroundTwo = length(library.encodeDual(handle, "", "", true));
        int least = options.overlap().orElse(0) + 1 + (options.overlap().isPresent() ? aroundTwo : aroundOne);
        if (maxLength < least) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "maxLength: " + maxLength + " (expected: " + least + " or more, of which "
                            + (least - options.overlap().orElse(0) - 1) + " around the text"
                            + (options.overlap().isPresent()
                                    ? " and " + options.overlap().getAsInt() + " shared"
                                    : "")
                            + ")");
        }
        String strategy = options.overlap().isPresent() ? "ONLY_SECOND" : "LONGEST_FIRST";
        library.setTruncation(handle, maxLength, strategy, options.overlap().orElse(0));
    }

    static HuggingFaceTokenizer open(TokenizersLibrary library, TokenizerFile file, TokenizerOptions options) {
        long handle;
        try {
            handle = library.createTokenizerFromString(file.text());
        } catch (RuntimeException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, "tokenizer.json: " + reason(e) + " (expected: a tokenizer)", e);
        }
        try {
            return new HuggingFaceTokenizer(library, handle, file, options);
        } catch (RuntimeException | Error e) {
            library.deleteTokenizer(handle);
            if (e instanceof ServingException || e instanceof Error) {
                throw e;
            }
            throw new ServingException(ErrorCode.INVALID_MODEL, "tokenizer.json: " + reason(e), e);
        }
    }

    @Override
    public List<Tokens> encode(String text) {
        return using(() -> windows(() -> library.encode(handle, unicode(text), true)));
    }

    @Override
    public List<Tokens> encode(String first, String second) {
        return using(() -> {
            requireRoom(unicode(first), second);
            return windows(() -> library.encodeDual(handle, unicode(first), unicode(second), true));
        });
    }

    /** For windows: whether each has new tokens of the second text, and whether they are few enough. */
    private void requireRoom(String first, String second) {
        if (options.overlap().isEmpty()) {
            if (maxLength <= aroundTwo + 1) {
                throw invalid("texts: 2 (expected: 1; " + maxLength + " tokens, maxLength, have no room for a pair)");
            }
            return;
        }
        int most = maxLength - aroundTwo - options.overlap().getAsInt() - 1;
        int count = count(first);
        if (count > most) {
            throw invalid("first text: " + (count == Integer.MAX_VALUE ? "more than " + maxLength : count)
                    + " tokens (expected: at most " + most + ", so that the second has room beside it)");
        }
        // A token is a byte or more, so this bounds the windows before any is made.
        long bytes = second.getBytes(StandardCharsets.UTF_8).length;
        long windows = bytes / (most - count + 1) + 1;
        if (windows * maxLength > MOST_WINDOW_TOKENS && bytes > maxLength) {
            throw invalid("second text: " + bytes + " bytes in up to " + windows + " windows of " + maxLength
                    + " tokens (expected: at most " + MOST_WINDOW_TOKENS
                    + " tokens in all; a shorter text, or a shorter first one)");
        }
    }

    /** Tokens of a text alone; {@link Integer#MAX_VALUE} if there are more than a window holds. */
    private int count(String text) {
        long encoding;
        try {
            encoding = library.encode(handle, text, false);
        } catch (RuntimeException e) {
            return Integer.MAX_VALUE; // set to cut second texts only, the library refuses to cut this one
        }
        return length(encoding);
    }

    private int length(long encoding) {
        try {
            return library.getTokenIds(encoding).length;
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private List<Tokens> windows(LongSupplier encode) {
        long encoding;
        try {
            encoding = encode.getAsLong();
        } catch (RuntimeException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "text: " + reason(e) + " (expected: text this model's tokenizer takes)",
                    e);
        }
        try {
            List<Tokens> windows = new ArrayList<>();
            windows.add(tokens(encoding));
            if (options.overlap().isPresent()) {
                addOverflowing(encoding, windows);
            }
            return windows;
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private void addOverflowing(long encoding, List<Tokens> windows) {
        long[] more = library.getOverflowing(encoding);
        try {
            for (long window : more) {
                windows.add(tokens(window));
            }
        } finally {
            for (long window : more) {
                library.deleteEncoding(window);
            }
        }
    }

    private Tokens tokens(long encoding) {
        @Nullable CharSpan[] spans = library.getTokenCharSpans(encoding);
        int[] starts = new int[spans.length];
        int[] ends = new int[spans.length];
        for (int i = 0; i < spans.length; i++) {
            CharSpan span = spans[i];
            if (span != null) {
                starts[i] = span.getStart();
                ends[i] = span.getEnd();
            }
        }
        return new Tokens(
                ints(library.getTokenIds(encoding)),
                ints(library.getTypeIds(encoding)),
                ints(library.getAttentionMask(encoding)),
                ints(library.getSpecialTokenMask(encoding)),
                ints(library.getSequenceIds(encoding)),
                ints(library.getWordIds(encoding)),
                starts,
                ends,
                Arrays.asList(library.getTokens(encoding)));
    }

    private static int[] ints(long[] values) {
        int[] ints = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            ints[i] = (int) values[i];
        }
        return ints;
    }

    @Override
    public String decode(int[] ids) {
        long[] numbers = Arrays.stream(ids).asLongStream().toArray();
        return using(() -> library.decode(handle, numbers, false));
    }

    @Override
    public int maxLength() {
        return maxLength;
    }

    @Override
    public int padId() {
        return padId;
    }

    @Override
    public OptionalInt unknownId() {
        return unknownId;
    }

    @Override
    public void close() {
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                library.deleteTokenizer(handle);
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    private <T> T using(Supplier<T> work) {
        use.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the tokenizer is closed");
            }
            return work.get();
        } finally {
            use.readLock().unlock();
        }
    }

    /** The library takes Unicode only. */
    private static String unicode(String text) {
        StringBuilder repaired = null;
        for (int i = 0; i < text.length(); i++) {
            if (Character.isHighSurrogate(text.charAt(i))
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(text.charAt(i))) {
                repaired = repaired == null ? new StringBuilder(text) : repaired;
                repaired.setCharAt(i, '\uFFFD');
            }
        }
        return repaired == null ? text : repaired.toString();
    }

    private static String reason(Throwable failure) {
        return NativeMessage.clean(String.valueOf(failure.getMessage()));
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
