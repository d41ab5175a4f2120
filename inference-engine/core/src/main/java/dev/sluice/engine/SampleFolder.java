// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.DataBuffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The samples in the folder {@value #NAME} of a model's files. Each file is the body of one request, its content type told by
 * its suffix; a file of the same name with {@value #EXPECTED} behind it is the answer expected, compared as {@link AnswerText}
 * does, against all parts of a streamed answer together. Without one, any answer will do.
 */
public final class SampleFolder {
    /** The folder, below the model's root. */
    public static final String NAME = "sluice-warmup";

    /** What the name of an expected answer ends in. */
    public static final String EXPECTED = ".expected";

    /** Most samples of one model; TF Serving's bound of 1000 would hold up a load for minutes. */
    static final int MOST_SAMPLES = 100;

    /** Most bytes of all files together. */
    static final long MOST_BYTES = 64L << 20;

    /** The one input of a request whose body has no parts, as TorchServe names it. */
    private static final String BODY = "body";

    private static final Map<String, String> CONTENT_TYPES = Map.of(
            "json", "application/json",
            "txt", "text/plain",
            "png", "image/png",
            "jpg", "image/jpeg",
            "jpeg", "image/jpeg");

    private SampleFolder() {}

    /**
     * The samples below {@code root}, by name; none if there is no such folder.
     *
     * @throws ServingException {@code INVALID_MODEL} if there is too much, or an expected answer has no sample
     */
    public static List<Sample> read(Path root) {
        Path folder = root.resolve(NAME);
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        SortedMap<String, byte[]> files = files(folder);
        files.keySet().stream()
                .filter(SampleFolder::isExpected)
                .filter(name -> !files.containsKey(name.substring(0, name.length() - EXPECTED.length())))
                .findFirst()
                .ifPresent(name -> {
                    throw invalid(name + " is an answer to no sample");
                });
        return files.entrySet().stream()
                .filter(file -> !isExpected(file.getKey()))
                .<Sample>map(file -> new FileSample(
                        file.getKey(), file.getValue(), Optional.ofNullable(files.get(file.getKey() + EXPECTED))))
                .toList();
    }

    private static SortedMap<String, byte[]> files(Path folder) {
        SortedMap<String, byte[]> files = new TreeMap<>();
        long bytes = 0;
        int samples = 0;
        try (Stream<Path> children = Files.list(folder)) {
            for (Path file : (Iterable<Path>) children.filter(SampleFolder::counts)::iterator) {
                String name = String.valueOf(file.getFileName());
                bytes += Files.size(file);
                samples += isExpected(name) ? 0 : 1;
                if (bytes > MOST_BYTES || samples > MOST_SAMPLES) {
                    throw invalid("too much (expected: at most " + MOST_SAMPLES + " samples and " + MOST_BYTES
                            + " bytes in all)");
                }
                files.put(name, Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The folder " + NAME + " cannot be read", e);
        }
        return files;
    }

    /** Links are left alone, since they may lead out of the model's files. */
    private static boolean counts(Path file) {
        return !String.valueOf(file.getFileName()).startsWith(".")
                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isExpected(String name) {
        return name.endsWith(EXPECTED);
    }

    private static ServingException invalid(String what) {
        return new ServingException(ErrorCode.INVALID_MODEL, NAME + ": " + what);
    }

    private static String contentType(String name) {
        String suffix = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return CONTENT_TYPES.getOrDefault(suffix, "application/octet-stream");
    }

    /** One file, and the answer expected. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record FileSample(String name, byte[] body, Optional<byte[]> expected) implements Sample {
        @Override
        public InferenceRequest request(ModelRef model, RequestContext context) {
            Input input = new Input.OfContent(BODY, contentType(name), DataBuffer.wrap(body));
            return new InferenceRequest(model, List.of(input), List.of(), Map.of(), context);
        }

        @Override
        public Optional<String> objection(InferenceResponse answer) {
            return expected.flatMap(text -> text(answer)
                    .map(actual -> AnswerText.difference(new String(text, UTF_8), actual))
                    .orElseGet(() -> Optional.of("it was answered with tensors (expected: content)")));
        }

        /** All of its content, one piece after the other; empty if there is a tensor in it. */
        private static Optional<String> text(InferenceResponse answer) {
            // Decoded together, since the parts of a streamed answer may end within a character.
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (Output output : answer.outputs()) {
                if (!(output instanceof Output.OfContent content)) {
                    return Optional.empty();
                }
                bytes.writeBytes(content.content().toByteArray());
            }
            return Optional.of(bytes.toString(UTF_8));
        }
    }
}
