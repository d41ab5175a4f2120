// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the few things a pickled vocabulary is made of, and executes nothing: classes are names, and what would be made by calling
 * them is written down as such. Anything else is refused.
 *
 * <p>Values come as {@code String}, {@code Long}, {@code Double}, {@code Boolean}, {@link #NONE}, lists, maps with keys of text or whole numbers,
 * and {@link Made}. Time and memory are in proportion to the bytes read; nothing recurses.
 *
 * <p>Source: the Python Standard Library's {@code pickletools}, protocols 2 to 4.
 *
 * <p><b>Threads:</b> used by one thread.
 */
final class PickleReader {
    /** Python's {@code None}. */
    static final Object NONE = new Object();

    private static final Object MARK = new Object();

    /** Classes and functions a vocabulary names. */
    private static final Set<String> KNOWN = Set.of(
            "collections.OrderedDict",
            "collections.Counter",
            "collections.defaultdict",
            "builtins.dict",
            "__builtin__.dict",
            "builtins.list",
            "builtins.int",
            "__builtin__.int",
            "torchtext.vocab.Vocab",
            "torchtext.vocab._default_unk_index",
            "torchtext.vocab.vocab.Vocab",
            "torchtext._torchtext.Vocab");

    private final ByteBuffer bytes;
    private final Deque<Object> stack = new ArrayDeque<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    private PickleReader(byte[] pickle) {
        this.bytes = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The name of a class or function. */
    record Named(String name) {}

    /** An object of a class: what it was made with, and the state it was given, {@link #NONE} if none. */
    static final class Made {
        final String type;
        final List<?> arguments;
        /** Written while the pickle is read. */
        Object state = NONE;

        Made(String type, List<?> arguments) {
            this.type = type;
            this.arguments = arguments;
        }
    }

    /** @throws IOException naming what is wrong, in words fit for a client */
    static Object read(byte[] pickle) throws IOException {
        try {
            return new PickleReader(pickle).run();
        } catch (BufferUnderflowException e) {
            throw new IOException("cut short", e);
        }
    }

    private Object run() throws IOException {
        while (true) {
            int code = bytes.get() & 0xff;
            if (code == '.') {
                Object value = pop();
                if (!stack.isEmpty()) {
                    throw new IOException("more than one value");
                }
                return value;
            }
            if (!scalar(code) && !container(code)) {
                object(code);
            }
        }
    }

    private boolean scalar(int code) throws IOException {
        switch (code) {
            case 0x80 -> protocol(bytes.get());
            case 0x95 -> bytes.getLong(); // the length of a frame, which only helps those who read from a stream
            case 'N' -> push(NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'J' -> push((long) bytes.getInt());
            case 'K' -> push((long) (bytes.get() & 0xff));
            case 'M' -> push((long) (bytes.getShort() & 0xffff));
            case 0x8a -> push(big(bytes.get() & 0xff));
            case 'G' -> push(bigEndianDouble());
            case 'X' -> push(text(bytes.getInt() & 0xffffffffL));
            case 0x8c -> push(text(bytes.get() & 0xff));
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void protocol(int version) throws IOException {
        if (version < 2 || version > 4) {
            throw new IOException("pickle protocol " + version + " (expected: 2 to 4)");
        }
    }

    private boolean container(int code) throws IOException {
        switch (code) {
            case '(' -> push(MARK);
            case ']' -> push(new ArrayList<>());
            case '}' -> push(new LinkedHashMap<>());
            case ')' -> push(List.of());
            case 't' -> push(sinceMark());
            case 0x85 -> push(take(1));
            case 0x86 -> push(take(2));
            case 0x87 -> push(take(3));
            case 'a' -> append(take(1));
            case 'e' -> append(sinceMark());
            case 's' -> setItems(take(2));
            case 'u' -> setItems(sinceMark());
            case 'q' -> memo.put(bytes.get() & 0xff, peek());
            case 'r' -> memo.put(bytes.getInt(), peek());
            case 0x94 -> memo.put(memo.size(), peek());
            case 'h' -> push(remembered(bytes.get() & 0xff));
            case 'j' -> push(remembered(bytes.getInt()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private void object(int code) throws IOException {
        switch (code) {
            case 'c' -> push(named(line(), line()));
            case 0x93 -> {
                List<Object> names = take(2);
                // Nothing but texts: lists may hold each other, and would be written out without end.
                if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
                    throw new IOException("a class whose name is no text");
                }
                push(named(module, name));
            }
            case 'R', 0x81 -> {
                List<Object> call = take(2);
                push(made(call.get(0), call.get(1)));
            }
            case 'b' -> {
                Object state = pop();
                if (!(peek() instanceof Made made)) {
                    throw new IOException("a state for what is no object");
                }
                made.state = state;
            }
            case 'Q' -> throw new IOException("tensors (expected: none)");
            default ->
                throw new IOException(
                        "operation 0x" + Integer.toHexString(code) + " (expected: those that a vocabulary needs)");
        }
    }

    private static Named named(String module, String name) throws IOException {
        String full = module + "." + name;
        if (!KNOWN.contains(full)) {
            String shown = full.length() > 100 ? full.substring(0, 100) + "..." : full;
            throw new IOException(shown.replaceAll("[^\\w.]", "?") + " (expected: a vocabulary's own classes)");
        }
        return new Named(full);
    }

    /** Mappings are mappings, whatever their class; their arguments are one themselves, or a factory of defaults. */
    private static Object made(Object type, Object arguments) throws IOException {
        if (!(type instanceof Named named) || !(arguments instanceof List<?> list)) {
            throw new IOException("a call of what is no class");
        }
        if (!named.name().startsWith("collections.") && !named.name().endsWith(".dict")) {
            return new Made(named.name(), list);
        }
        if (!list.isEmpty() && list.get(list.size() - 1) instanceof Map<?, ?> map) {
            return map;
        }
        return new LinkedHashMap<>();
    }

    private void append(List<Object> values) throws IOException {
        if (!(peek() instanceof ArrayList<?>)) {
            throw new IOException("elements for what is no list");
        }
        @SuppressWarnings("unchecked") // all lists that can be changed are made here, of Object
        List<Object> list = (List<Object>) peek();
        list.addAll(values);
    }

    private void setItems(List<Object> items) throws IOException {
        if (!(peek() instanceof LinkedHashMap<?, ?>) || items.size() % 2 != 0) {
            throw new IOException("items for what is no mapping");
        }
        @SuppressWarnings("unchecked") // all maps are made here, of Object
        Map<Object, Object> map = (Map<Object, Object>) peek();
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            if (!(key instanceof String) && !(key instanceof Long)) {
                throw new IOException("a key that is neither text nor a whole number");
            }
            map.put(key, items.get(i + 1));
        }
    }

    private Object remembered(int key) throws IOException {
        @Nullable Object value = memo.get(key);
        if (value == null) {
            throw new IOException("a reference to nothing");
        }
        return value;
    }

    /** Values pushed since the last mark, which goes too. */
    private List<Object> sinceMark() throws IOException {
        ArrayDeque<Object> values = new ArrayDeque<>();
        for (Object value = pop(); value != MARK; value = pop()) {
            values.addFirst(value);
        }
        return List.copyOf(values);
    }

    private List<Object> take(int count) throws IOException {
        ArrayDeque<Object> values = new ArrayDeque<>();
        for (int i = 0; i < count; i++) {
            values.addFirst(value(pop()));
        }
        return List.copyOf(values);
    }

    private static Object value(Object value) throws IOException {
        if (value == MARK) {
            throw new IOException("a value missing");
        }
        return value;
    }

    private void push(Object value) {
        stack.push(value);
    }

    private Object pop() throws IOException {
        @Nullable Object top = stack.poll();
        if (top == null) {
            throw new IOException("a value missing");
        }
        return top;
    }

    private Object peek() throws IOException {
        @Nullable Object top = stack.peek();
        if (top == null) {
            throw new IOException("a value missing");
        }
        return value(top);
    }

    private long big(int length) throws IOException {
        if (length > Long.BYTES) {
            throw new IOException("a number of " + length + " bytes (expected: at most 8)");
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            int digit = bytes.get();
            value |= (i == length - 1 ? (long) digit : digit & 0xffL) << (8 * i);
        }
        return value;
    }

    private double bigEndianDouble() {
        return Double.longBitsToDouble(Long.reverseBytes(bytes.getLong()));
    }

    private String text(long length) throws IOException {
        if (length > bytes.remaining()) {
            throw new IOException("cut short");
        }
        byte[] text = new byte[(int) length];
        bytes.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        int start = bytes.position();
        while (bytes.get() != '\n') {
            if (bytes.position() - start > 1000) {
                throw new IOException("a name of more than 1000 bytes");
            }
        }
        return new String(bytes.array(), start, bytes.position() - 1 - start, StandardCharsets.UTF_8);
    }
}
