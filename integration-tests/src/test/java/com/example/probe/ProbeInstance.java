// SPDX-License-Identifier: Apache-2.0
package com.example.probe;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerMetric;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.ResponseDetails;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Answers with JSON that says what it got: {@code {"batch": n, "inputs": {name: {"type": t, "text": s}}, "headers": {...}}}, or does
 * what the header {@code probe} says:
 *
 * <ul>
 *   <li>{@code status CODE REASON}: the same with that status, reason, and the headers {@code dummy: 1} and {@code content-type}
 *   <li>{@code refuse CODE MESSAGE}: no answer, but a status of the handler's
 *   <li>{@code throw}, {@code memory}: a fault of the handler, memory used up
 *   <li>{@code stream N}: N parts {@code part-i;}, then {@code end}
 *   <li>{@code break N}: N parts, then a fault
 *   <li>{@code count NAME}: the usual, and one more of the metric of that name
 *   <li>{@code wait MS}: the usual, after so many milliseconds
 *   <li>{@code until FILE}: the usual, once there is a file of that name, or after a minute; that it waits shows a file
 *       {@code FILE.awaited}
 * </ul>
 *
 * <p><b>Threads:</b> as for every instance.
 */
final class ProbeInstance implements StreamingInstance {
    private static final long LONGEST_MS = 60_000;
    private static final long LOOK_EVERY_MS = 5;

    private final HandlerContext context;

    ProbeInstance(HandlerContext context) {
        this.context = context;
    }

    @Override
    public void warmUp() {
        // Nothing is lazy.
    }

    @Override
    public void execute(Batch batch, BatchSink answers) {
        for (int i = 0; i < batch.size(); i++) {
            answer(batch, i, answers);
        }
    }

    private void answer(Batch batch, int index, BatchSink answers) {
        InferenceRequest request = batch.requests().get(index);
        String[] wish = request.context().headers().getOrDefault("probe", "").split(" ", 3);
        try {
            switch (wish[0]) {
                case "refuse" -> throw ServingException.byHandler(Integer.parseInt(wish[1]), wish[2]);
                case "throw" -> throw new IllegalStateException("the probe was told to");
                case "memory" -> throw new ServingException(ErrorCode.OUT_OF_MEMORY, "Out of resources");
                case "count" ->
                    context.metrics().add(HandlerMetric.counter(wish[1], 1).of(request));
                case "wait" -> pause(Long.parseLong(wish[1]));
                case "until" -> awaitFile(Path.of(wish[1]));
                case "stream", "break" -> parts(batch.model(), index, Integer.parseInt(wish[1]), answers);
                default -> {}
            }
            end(batch, index, wish, answers);
        } catch (ServingException e) {
            answers.end(index, new Outcome.Failure(e));
        } catch (IllegalStateException e) {
            answers.end(
                    index, new Outcome.Failure(new ServingException(ErrorCode.ENGINE_FAILED, "Prediction failed", e)));
        }
    }

    private void parts(ModelId model, int index, int count, BatchSink answers) {
        for (int part = 0; part < count; part++) {
            answers.part(index, response(model, "part-" + part + ";", ResponseDetails.NONE));
        }
    }

    private void end(Batch batch, int index, String[] wish, BatchSink answers) {
        String text = told(batch, index);
        ResponseDetails details = ResponseDetails.NONE;
        if (wish[0].equals("break")) {
            throw new IllegalStateException("the probe was told to");
        }
        if (wish[0].equals("stream")) {
            text = "end";
        } else if (wish[0].equals("status")) {
            details = new ResponseDetails(
                    OptionalInt.of(Integer.parseInt(wish[1])), wish.length > 2 ? wish[2] : "", Map.of("dummy", "1"));
        }
        answers.end(index, new Outcome.Success(response(batch.model(), text, details)));
    }

    private InferenceResponse response(ModelId model, String text, ResponseDetails details) {
        return new InferenceResponse(model, List.of(context.content("", text.getBytes(UTF_8))), details);
    }

    private static String told(Batch batch, int index) {
        InferenceRequest request = batch.requests().get(index);
        StringBuilder json = new StringBuilder("{\"batch\": " + batch.size() + ", \"version\": "
                + quoted(batch.model().version()) + ", \"inputs\": {");
        String separator = "";
        for (Input input : request.inputs()) {
            json.append(separator).append(quoted(input.name())).append(": ").append(described(input));
            separator = ", ";
        }
        json.append("}, \"headers\": {");
        separator = "";
        for (Map.Entry<String, String> header : request.context().headers().entrySet()) {
            json.append(separator).append(quoted(header.getKey())).append(": ").append(quoted(header.getValue()));
            separator = ", ";
        }
        return json.append("}}").toString();
    }

    private static String described(Input input) {
        if (input instanceof Input.OfContent content) {
            return "{\"type\": " + quoted(content.contentType()) + ", \"text\": "
                    + quoted(new String(content.content().toByteArray(), UTF_8)) + "}";
        }
        return "{\"type\": \"tensor\"}";
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\' || c < ' ') {
                json.append(String.format("\\u%04x", c));
            } else {
                json.append((char) c);
            }
        });
        return json.append('"').toString();
    }

    private static void awaitFile(Path file) {
        try {
            Files.writeString(Path.of(file + ".awaited"), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (long waited = 0; waited < LONGEST_MS && Files.notExists(file); waited += LOOK_EVERY_MS) {
            pause(LOOK_EVERY_MS);
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On purpose: a model that takes its time. */
    private static void pause(long millis) {
        try {
            boolean never = new CountDownLatch(1).await(Math.min(millis, LONGEST_MS), TimeUnit.MILLISECONDS);
            if (never) {
                throw new IllegalStateException("nobody counts down");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
