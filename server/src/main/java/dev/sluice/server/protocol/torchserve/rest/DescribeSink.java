// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Takes what a handler says of its model: a JSON object is handed on as it is, any other answer as an empty one, and no answer as
 * nothing.
 *
 * <p><b>Source:</b> torchserve.md section 2.5, {@code customized}.
 */
final class DescribeSink implements ResponseSink {
    private final BiConsumer<Optional<JsonNode>, InferenceResponse> described;
    private final Consumer<ServingException> failed;

    /** @param described gets what was said, and the answer it was in, whose outputs are released afterwards */
    DescribeSink(BiConsumer<Optional<JsonNode>, InferenceResponse> described, Consumer<ServingException> failed) {
        this.described = described;
        this.failed = failed;
    }

    /** What comes before the end of a description is no description. */
    @Override
    public void part(InferenceResponse part) {
        part.release();
    }

    @Override
    public void complete(InferenceResponse response) {
        try {
            described.accept(metadata(response), response);
        } finally {
            response.release();
        }
    }

    private static Optional<JsonNode> metadata(InferenceResponse response) {
        if (response.outputs().isEmpty()) {
            return Optional.empty();
        }
        if (response.outputs().size() > 1 || !(response.outputs().get(0) instanceof Output.OfContent content)) {
            return Optional.of(WireJson.object());
        }
        DataBuffer bytes = content.content();
        return bytes.size() == 0 ? Optional.empty() : Optional.of(object(bytes.toByteArray()));
    }

    private static ObjectNode object(byte[] text) {
        try {
            return WireJson.parse(text) instanceof ObjectNode object ? object : WireJson.object();
        } catch (ServingException notJson) {
            return WireJson.object();
        }
    }

    @Override
    public void fail(ServingException failure) {
        failed.accept(failure);
    }
}
