// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request with more rows than a batch may have, as parts that wait and run like requests of their own. It is answered when all
 * have ended, with their outputs put together in the order of its rows. The first part that fails fails it, and the others are
 * cancelled: an answer has all rows or none. Its deadline is theirs, and when its caller goes away they all leave.
 *
 * <p>Only tensors can be put together. A model that answers with content fails a request that was split, as one that has too many
 * rows: its caller has to send fewer at a time.
 *
 * <p><b>Threads:</b> safe from any thread. No lock is held while its sink is called or a part cancelled.
 *
 * <p><b>Ownership:</b> the parts are views of the request's bytes, and each owns a count of them.
 */
final class SplitRequest {
    private final InferenceRequest whole;
    private final ResponseSink sink;
    private final int rows;
    private final int most;
    private final Cancellation cancellation = new Cancellation();
    private final List<InferenceRequest> parts;

    /** Guarded by this: the answers that are here. */
    private final @Nullable InferenceResponse[] answers;

    /** Guarded by this: parts that have not answered. */
    private int missing;

    /** Guarded by this: whether somebody gives, or has given, its answer. */
    private boolean hasEnded;

    /**
     * Cuts {@code whole} into parts; nothing else happens until {@link #start}.
     *
     * @param rows of it
     * @param most rows of a part
     * @throws ServingException {@code INVALID_INPUT} if its tensors have different numbers of rows; it stays the caller's
     */
    SplitRequest(InferenceRequest whole, int rows, int most, ResponseSink sink) {
        this.whole = whole;
        this.sink = sink;
        this.rows = rows;
        this.most = most;
        this.parts = cut();
        this.answers = new InferenceResponse[parts.size()];
        this.missing = parts.size();
    }

    private List<InferenceRequest> cut() {
        List<List<Input>> inputs = new ArrayList<>();
        for (int from = 0; from < rows; from += most) {
            inputs.add(new ArrayList<>());
        }
        try {
            whole.inputs().forEach(input -> addParts(input, inputs));
        } catch (RuntimeException | Error e) {
            inputs.forEach(part -> part.forEach(Input::release));
            throw e;
        }
        RequestContext context = whole.context().withCancellation(cancellation);
        return inputs.stream()
                .map(part ->
                        new InferenceRequest(whole.model(), part, whole.wantedOutputs(), whole.parameters(), context))
                .toList();
    }

    private void addParts(Input input, List<List<Input>> inputs) {
        if (input instanceof Input.OfTensor named) {
            List<Tensor> cut = TensorRows.cut(checked(named.tensor()), most);
            for (int i = 0; i < cut.size(); i++) {
                inputs.get(i).add(new Input.OfTensor(cut.get(i)));
            }
        } else if (input instanceof Input.OfContent content) {
            // What goes with the tensors goes with each part of them.
            inputs.forEach(part -> {
                content.content().retain();
                part.add(content);
            });
        }
    }

    private Tensor checked(Tensor tensor) {
        if (tensor.shape().rank() == 0 || tensor.shape().dimension(0) != rows) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "tensor '" + tensor.name() + "': " + tensor.shape() + " (expected: " + rows
                            + " rows, as in the request's largest tensor, since it is split into batches)");
        }
        return tensor;
    }

    List<InferenceRequest> parts() {
        return parts;
    }

    /** Where the answer of part {@code index} goes. */
    ResponseSink sink(int index) {
        return new PartSink(index);
    }

    /** The parts were taken: from here on they stand for the request, which is released. */
    void start() {
        whole.release();
        whole.context().cancellation().onCancel(cancellation::cancel);
    }

    /** The parts were refused; the request stays the caller's. */
    void discard() {
        parts.forEach(InferenceRequest::release);
    }

    private void completed(int index, InferenceResponse answer) {
        boolean isLate;
        boolean isLast = false;
        synchronized (this) {
            isLate = hasEnded;
            if (!isLate) {
                answers[index] = answer;
                missing--;
                isLast = missing == 0;
                hasEnded = isLast;
            }
        }
        if (isLate) {
            answer.release();
        } else if (isLast) {
            answer();
        }
    }

    private void failed(ServingException failure) {
        List<InferenceResponse> useless;
        synchronized (this) {
            if (hasEnded) {
                return;
            }
            hasEnded = true;
            useless = Arrays.stream(answers).filter(Objects::nonNull).toList();
        }
        useless.forEach(InferenceResponse::release);
        cancellation.cancel();
        sink.fail(failure);
    }

    /** All answers are here, and nobody changes them any more. */
    private void answer() {
        List<InferenceResponse> all =
                Arrays.stream(answers).map(Objects::requireNonNull).toList();
        InferenceResponse whole;
        try {
            whole = join(all);
        } catch (RuntimeException | Error e) {
            sink.fail(ServingException.from(e));
            return;
        } finally {
            all.forEach(InferenceResponse::release);
        }
        sink.complete(whole);
    }

    private InferenceResponse join(List<InferenceResponse> all) {
        int outputs = all.get(0).outputs().size();
        List<Output> joined = new ArrayList<>();
        for (int output = 0; output < outputs; output++) {
            List<Tensor> cut = new ArrayList<>();
            for (int part = 0; part < all.size(); part++) {
                cut.add(outputOf(all.get(part), part, output, outputs));
            }
            joined.add(new Output.OfTensor(TensorRows.join(cut).orElseThrow(this::notJoinable)));
        }
        return new InferenceResponse(all.get(0).model(), joined, all.get(0).details());
    }

    private Tensor outputOf(InferenceResponse answer, int part, int output, int outputs) {
        long expected = Math.min(most, rows - (long) part * most);
        if (answer.outputs().size() == outputs
                && answer.outputs().get(output) instanceof Output.OfTensor named
                && named.tensor().shape().rank() > 0
                && named.tensor().shape().dimension(0) == expected) {
            return named.tensor();
        }
        throw notJoinable();
    }

    private ServingException notJoinable() {
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "rows: " + rows + " (expected: 1.." + most + ", the batch size of model \""
                        + whole.model().name()
                        + "\"; it was run in parts, and what it answered cannot be put together: not tensors with a row for"
                        + " each row)");
    }

    private final class PartSink implements ResponseSink {
        private final int index;

        private PartSink(int index) {
            this.index = index;
        }

        /** Parts of parts have no order among each other. */
        @Override
        public void part(InferenceResponse part) {
            part.release();
            failed(notJoinable());
        }

        @Override
        public void complete(InferenceResponse response) {
            completed(index, response);
        }

        @Override
        public void fail(ServingException failure) {
            failed(failure);
        }
    }
}
