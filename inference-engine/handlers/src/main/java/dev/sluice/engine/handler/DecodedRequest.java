// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A request's rows for each input of the model.
 *
 * <p><b>Ownership:</b> owns the rows.
 *
 * @param index place of the request in its batch
 */
record DecodedRequest(List<Rows> inputs, int index) {
    /** Type and shape of one input's rows; a length that can be stretched counts as open. */
    private record Kind(DataType type, Shape shape) {
        static Kind of(Rows rows) {
            Shape shape = rows.shape();
            return new Kind(rows.type(), rows.isStretchable() ? shape.withOutermost(Shape.ANY) : shape);
        }
    }

    /** Rows of the request in each input. */
    int count() {
        return inputs.get(0).count();
    }

    /** Rows of all {@code requests} in each input. */
    static int count(Collection<DecodedRequest> requests) {
        int count = 0;
        for (DecodedRequest request : requests) {
            count += request.count();
        }
        return count;
    }

    void release() {
        inputs.forEach(Rows::release);
    }

    /** {@code requests} parted so that each part can run at once, in their order where they are alike. */
    static List<List<DecodedRequest>> runs(List<DecodedRequest> requests, InputBuffers buffers, boolean alone) {
        if (alone || requests.size() < 2) {
            return requests.stream().map(List::of).toList();
        }
        Map<List<Kind>, List<DecodedRequest>> byKind = new LinkedHashMap<>();
        for (DecodedRequest request : requests) {
            byKind.computeIfAbsent(request.inputs.stream().map(Kind::of).toList(), kind -> new ArrayList<>())
                    .add(request);
        }
        List<List<DecodedRequest>> runs = new ArrayList<>();
        byKind.values().forEach(alike -> runs.addAll(split(alike, buffers)));
        return runs;
    }

    private static List<List<DecodedRequest>> split(List<DecodedRequest> alike, InputBuffers buffers) {
        int most = alike.stream().mapToInt(buffers::rowsPerRun).min().orElseThrow();
        List<List<DecodedRequest>> parts = new ArrayList<>();
        List<DecodedRequest> part = new ArrayList<>();
        int rows = 0;
        for (DecodedRequest request : alike) {
            if (!part.isEmpty() && rows + request.count() > most) {
                parts.add(part);
                part = new ArrayList<>();
                rows = 0;
            }
            part.add(request);
            rows += request.count();
        }
        parts.add(part);
        return parts;
    }
}
