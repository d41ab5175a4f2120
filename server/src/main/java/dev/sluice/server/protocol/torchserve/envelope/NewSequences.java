// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.SequenceRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.config.WireConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Begins a sequence for a request that names none, where a Python handler keeps sequences: the handler is told the new id as if the
 * client had chosen it, and is to tell the client.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> torchserve.md section 9.3.
 *
 * @param names of the headers that speak of sequences
 */
public record NewSequences(WireConfig.SequenceHeaders names) {
    private static final String PREFIX = "ts-seq-";

    /** {@code request}, or one in its place that begins a sequence. */
    InferenceRequest begin(InferenceRequest request, ModelSpec spec) {
        RequestContext context = request.context();
        if (spec.batching().sequences().isEmpty() || context.sequence().isPresent()) {
            return request;
        }
        String id = PREFIX + UUID.randomUUID();
        Map<String, String> headers = new HashMap<>(context.headers());
        // A client may have sent an empty one, in whatever spelling.
        headers.keySet().removeIf(name -> name.equalsIgnoreCase(names.id()) || name.equalsIgnoreCase(names.start()));
        headers.put(names.id(), id);
        headers.put(names.start(), "true");
        RequestContext begun = new RequestContext(
                context.requestId(),
                context.protocol(),
                context.admittedNanos(),
                context.deadlineNanos(),
                headers,
                context.cancellation(),
                context.tenant(),
                context.priority(),
                Optional.of(new SequenceRef(id, true, false)));
        return new InferenceRequest(
                request.model(), request.inputs(), request.wantedOutputs(), request.parameters(), begun);
    }
}
