// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.protocol.PythonModels;
import dev.sluice.tensor.BufferAllocator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * Opens the envelope of each request that is in one: the server's, or where it has none the model's own. Workers of Python handlers
 * open theirs themselves, so what they are asked goes by as it is, but for the sequence it may begin.
 *
 * <p><b>Threads:</b> safe from any thread, and does not block.
 *
 * <p><b>Source:</b> torchserve.md sections 6.2 and 8.4; unlike there a model's own envelope counts where the server has none.
 */
public final class EnvelopeChoice implements Inference {
    private static final List<String> NAMES = List.of("body", "json", "kserve", "kservev2");

    private final Optional<String> ofServer;
    private final Function<ModelRef, ModelSpec> specs;
    private final Inference plain;
    private final NewSequences sequences;
    private final Map<String, Inference> envelopes = new HashMap<>();

    /**
     * One for all models.
     *
     * @param ofServer name of the envelope of all requests, if there is one
     * @param specs of a model; throws if there is none
     * @param executor opens what is large
     */
    public EnvelopeChoice(
            Optional<String> ofServer,
            Function<ModelRef, ModelSpec> specs,
            NewSequences sequences,
            Inference plain,
            BufferAllocator allocator,
            Executor executor) {
        this.ofServer = ofServer;
        this.specs = specs;
        this.sequences = sequences;
        this.plain = plain;
        NAMES.forEach(name -> envelopes.put(name, EnvelopeInference.of(Optional.of(name), plain, allocator, executor)));
    }

    /** The name of what requests to {@code spec} are in; empty for none. Names that nobody knows count as none. */
    static Optional<String> envelope(Optional<String> ofServer, ModelSpec spec) {
        Object block = spec.options().get("sluice");
        Object own = block instanceof Map<?, ?> mapping ? mapping.get("envelope") : null;
        return ofServer.or(() -> Optional.ofNullable(own).map(String::valueOf)).filter(NAMES::contains);
    }

    @Override
    public void infer(InferenceRequest request, ResponseSink sink) {
        ModelSpec spec;
        try {
            spec = specs.apply(request.model());
        } catch (ServingException e) {
            // What is said of it then is counted like any other refusal.
            plain.infer(request, sink);
            return;
        }
        if (PythonModels.isPython(spec)) {
            plain.infer(sequences.begin(request, spec), sink);
        } else {
            envelope(ofServer, spec)
                    .map(name -> envelopes.getOrDefault(name, plain))
                    .orElse(plain)
                    .infer(request, sink);
        }
    }
}
