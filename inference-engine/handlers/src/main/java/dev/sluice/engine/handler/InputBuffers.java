// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.AllowedSizes;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An {@link InputBuffer} for each input of a model.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class InputBuffers {
    private final List<InputBuffer> declared;
    /** For each input of a model that declares none. */
    private final InputBuffer any;

    InputBuffers(BufferAllocator allocator, Signature signature, AllowedSizes allowed) {
        this.declared = signature.inputs().stream()
                .map(input -> new InputBuffer(allocator, Optional.of(input), allowed))
                .toList();
        this.any = new InputBuffer(allocator, Optional.empty(), allowed);
    }

    private InputBuffer buffer(int input) {
        return declared.isEmpty() ? any : declared.get(input);
    }

    /** The numbers of rows the model may be given: one model, one number of rows for all inputs. */
    AllowedSizes sizes() {
        return buffer(0).sizes();
    }

    /** Most rows one run can take of requests like this one. */
    int rowsPerRun(DecodedRequest request) {
        int most = Integer.MAX_VALUE;
        for (int i = 0; i < request.inputs().size(); i++) {
            Rows rows = request.inputs().get(i);
            most = Math.min(most, buffer(i).rowsPerRun(rows.type(), rows.shape()));
        }
        return most;
    }

    /** A tensor for each input, released by the caller before the requests. */
    List<Tensor> gather(List<DecodedRequest> requests) {
        int inputs = requests.get(0).inputs().size();
        List<Tensor> gathered = new ArrayList<>(inputs);
        try {
            for (int i = 0; i < inputs; i++) {
                gathered.add(buffer(i).gather(rows(requests, i)));
            }
            return gathered;
        } catch (RuntimeException | Error e) {
            gathered.forEach(Tensor::release);
            throw e;
        }
    }

    /** What the requests have for one input, all as long as the longest of them. */
    private static List<Rows> rows(List<DecodedRequest> requests, int input) {
        if (requests.size() == 1) {
            return List.of(requests.get(0).inputs().get(input));
        }
        List<Rows> rows = new ArrayList<>(requests.size());
        long longest = 0;
        for (DecodedRequest request : requests) {
            Rows own = request.inputs().get(input);
            rows.add(own);
            longest = own.isStretchable() ? Math.max(longest, own.shape().dimension(0)) : longest;
        }
        long length = longest;
        rows.replaceAll(
                own -> own.isStretchable() && own.shape().dimension(0) != length ? own.stretchedTo(length) : own);
        return rows;
    }
}
