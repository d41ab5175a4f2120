// SPDX-License-Identifier: Apache-2.0
package com.example.script;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerMetric;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.RepliedModel;
import dev.sluice.engine.Reply;
import dev.sluice.engine.ReplyParts;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.util.Map;
import java.util.Set;

/**
 * Needs no model. The text of a request is an order: {@code status CODE REASON}, {@code refuse CODE}, {@code raise},
 * {@code memory}, {@code stream}, {@code break}, {@code count METRIC}; any other text is the answer. Asked for an explanation it
 * explains, and asked what it is, it says so.
 *
 * <p><b>Threads:</b> safe from any thread: it keeps nothing that changes.
 */
public final class ScriptHandler implements HandlerProvider {
    @Override
    public Set<String> names() {
        return Set.of("script");
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public boolean worksAlone() {
        return true;
    }

    @Override
    public LoadedModel attach(ModelSpec spec, HandlerContext context) {
        return RepliedModel.alone((request, model, parts) -> answer(request, parts, context));
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        throw new ServingException(ErrorCode.INVALID_MODEL, "handler script: a model (expected: none)");
    }

    private static Reply answer(InferenceRequest request, ReplyParts parts, HandlerContext context) {
        Map<String, String> headers = request.context().headers();
        if ("True".equals(headers.get("describe"))) {
            return text(context, "{\"does\": \"what it is told\"}");
        }
        String order = text(request);
        if ("True".equals(headers.get("explain"))) {
            return text(context, "because: " + order);
        }
        String[] words = order.split(" ", 3);
        return switch (words[0]) {
            case "status" ->
                text(context, "as told")
                        .withStatus(number(words), words.length < 3 ? "" : words[2])
                        .withHeader("dummy", "1");
            case "count" -> {
                context.metrics().add(HandlerMetric.counter(words[1], 1).of(request));
                yield text(context, "counted");
            }
            case "refuse" -> throw ServingException.byHandler(number(words), "refused as told");
            case "raise" -> throw new IllegalStateException("raised as told");
            case "memory" -> throw new OutOfMemoryError("as told");
            case "stream", "break" -> stream(words[0], parts, context);
            default -> text(context, order);
        };
    }

    private static Reply stream(String order, ReplyParts parts, HandlerContext context) {
        for (String part : new String[] {"one ", "two ", "three "}) {
            parts.send(text(context, part));
        }
        if (order.equals("break")) {
            throw new IllegalStateException("broken off as told");
        }
        return text(context, "four");
    }

    private static int number(String[] words) {
        if (words.length < 2 || !words[1].matches("[0-9]{3}")) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "order: " + words[0] + " (expected: a status of three digits after it)");
        }
        return Integer.parseInt(words[1]);
    }

    private static Reply text(HandlerContext context, String text) {
        return Reply.of(context.content("", text.getBytes(UTF_8)));
    }

    /** The first input, whatever it is called. */
    private static String text(InferenceRequest request) {
        if (!request.inputs().isEmpty() && request.inputs().get(0) instanceof Input.OfContent content) {
            return new String(content.content().toByteArray(), UTF_8);
        }
        throw new ServingException(ErrorCode.INVALID_INPUT, "inputs: no text (expected: an order)");
    }
}
