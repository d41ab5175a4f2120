// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;

/** The data plane as this protocol's codecs see it: the core's, or the core's with envelopes opened and closed in front of it. */
@FunctionalInterface
public interface Inference {
    /** As {@link dev.sluice.serving.InferenceService#infer}. */
    void infer(InferenceRequest request, ResponseSink sink);
}
