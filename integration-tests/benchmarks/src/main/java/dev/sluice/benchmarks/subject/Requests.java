// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import java.util.List;
import java.util.Map;

/** Requests without inputs: decoding and copying are measured elsewhere. */
public final class Requests {
    /** The model they are for. */
    public static final ModelId MODEL = new ModelId("benchmark", "1.0");

    private Requests() {}

    /** One that waits for ever. It owns no bytes, so it may be sent again and again. */
    public static InferenceRequest patient(long admittedNanos) {
        return withDeadline(admittedNanos, RequestContext.NO_DEADLINE);
    }

    public static InferenceRequest withDeadline(long admittedNanos, long deadlineNanos) {
        RequestContext context =
                new RequestContext("benchmark", "none", admittedNanos, deadlineNanos, Map.of(), new Cancellation());
        return new InferenceRequest(ModelRef.of(MODEL.name()), List.of(), List.of(), Map.of(), context);
    }
}
