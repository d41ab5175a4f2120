// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.model.ModelId;
import java.util.List;

/**
 * Requests that run together.
 *
 * @param model the version they run on
 * @param requests one or more
 */
public record Batch(ModelId model, List<InferenceRequest> requests) {
    public Batch {
        requests = List.copyOf(requests);
        if (requests.isEmpty()) {
            throw new IllegalArgumentException("requests: 0 (expected: 1 or more)");
        }
    }

    public int size() {
        return requests.size();
    }
}
