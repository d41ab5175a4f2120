// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseDetails;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Asks for what was in one envelope, some requests at a time so that a large one does not fill a model's queue, and answers once. If
 * there is no room for as many, fewer are asked at a time. The first request that fails fails all, and those still waiting are given
 * up.
 *
 * <p><b>Threads:</b> started by one; goes on on those that answer. State is guarded by the lock of this.
 */
final class LetterRun {
    private static final int AT_ONCE = 32;

    private final Inference next;
    private final Letter letter;
    private final List<List<Input>> requests;
    private final InferenceRequest whole;
    private final ResponseSink sink;
    private final Cancellation cancellation = new Cancellation();
    private final AtomicInteger pumping = new AtomicInteger();
    private final List<Optional<InferenceResponse>> answers = new ArrayList<>();

    /** Guarded by the lock: those there was no room for, to be asked again. */
    private final Deque<Integer> turnedAway = new ArrayDeque<>();

    /** Written under the lock: requests asked so far, those turned away among them. */
    private int asked;

    /** Written under the lock: requests that have been asked and not answered. */
    private int underWay;

    /** Written under the lock: most requests under way. */
    private int atOnce;

    /** Written under the lock: requests answered so far. */
    private int answered;

    /** Written under the lock: whether the caller has its answer, or is about to. */
    private boolean over;

    /** @param whole for the model and the context; its inputs are gone */
    LetterRun(Inference next, Letter letter, InferenceRequest whole, ResponseSink sink) {
        this.next = next;
        this.letter = letter;
        this.requests = letter.requests();
        this.whole = whole;
        this.sink = sink;
        // Requests of one sequence follow each other.
        this.atOnce = whole.context().sequence().isPresent() ? 1 : AT_ONCE;
        requests.forEach(request -> answers.add(Optional.empty()));
    }

    void start() {
        whole.context().cancellation().onCancel(cancellation::cancel);
        pump();
    }

    /** Asks what may be asked. Answers may come from within, so only the outermost call does it. */
    private void pump() {
        if (pumping.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            for (int i = claim(); i >= 0; i = claim()) {
                next.infer(request(i), new Part(i));
            }
            seen = pumping.addAndGet(-seen);
        }
    }

    private synchronized int claim() {
        boolean mayAsk = !over && underWay < atOnce && (asked < requests.size() || !turnedAway.isEmpty());
        if (!mayAsk) {
            return -1;
        }
        int index = turnedAway.isEmpty() ? asked++ : turnedAway.remove();
        // Asked again, maybe: those that ask own a count of their own.
        requests.get(index).forEach(LetterRun::retain);
        underWay++;
        return index;
    }

    private static void retain(Input input) {
        DataBuffer unused = input instanceof Input.OfContent content
                ? content.content().retain()
                : ((Input.OfTensor) input).tensor().data().retain();
    }

    private InferenceRequest request(int index) {
        RequestContext context = whole.context().withCancellation(cancellation);
        Optional<SequenceRef> sequence = context.sequence();
        if (sequence.isPresent()) {
            SequenceRef all = sequence.get();
            boolean last = index == requests.size() - 1;
            context = context.withSequence(new SequenceRef(all.id(), all.starts() && index == 0, all.ends() && last));
        }
        return new InferenceRequest(
                whole.model(), requests.get(index), letter.wantedOutputs(), whole.parameters(), context);
    }

    private void completed(int index, InferenceResponse answer) {
        List<InferenceResponse> all;
        synchronized (this) {
            if (over) {
                answer.release();
                return;
            }
            answers.set(index, Optional.of(answer));
            requests.get(index).forEach(Input::release);
            underWay--;
            answered++;
            over = answered == requests.size();
            all = over ? answers.stream().map(Optional::orElseThrow).toList() : List.of();
        }
        if (all.isEmpty()) {
            pump();
        } else {
            finish(all);
        }
    }

    private void finish(List<InferenceResponse> all) {
        InferenceResponse answer;
        try {
            answer = letter.wrap(all);
        } catch (RuntimeException | Error e) {
            sink.fail(ServingException.from(e));
            return;
        }
        sink.complete(answer);
    }

    private void failed(int index, ServingException failure) {
        synchronized (this) {
            if (over) {
                return;
            }
            underWay--;
            if (failure.code() == ErrorCode.OVERLOADED && underWay > 0) {
                // The answer to one of the others will have it asked again.
                atOnce = underWay;
                turnedAway.add(index);
                return;
            }
            over = true;
            for (int i = 0; i < requests.size(); i++) {
                answers.get(i).ifPresentOrElse(InferenceResponse::release, releaseOf(requests.get(i)));
            }
        }
        cancellation.cancel();
        sink.fail(failure);
    }

    private static Runnable releaseOf(List<Input> inputs) {
        return () -> inputs.forEach(Input::release);
    }

    /** Gathers the answer of one request: the outputs of all its parts. */
    private final class Part implements ResponseSink {
        private final int index;

        /** Written by whichever thread delivers, under the lock of this. */
        private final List<Output> outputs = new ArrayList<>();

        private Part(int index) {
            this.index = index;
        }

        @Override
        public synchronized void part(InferenceResponse part) {
            outputs.addAll(part.outputs());
        }

        @Override
        public void complete(InferenceResponse response) {
            ResponseDetails details = response.details();
            List<Output> all;
            synchronized (this) {
                outputs.addAll(response.outputs());
                all = List.copyOf(outputs);
            }
            completed(index, new InferenceResponse(response.model(), all, details));
        }

        @Override
        public void fail(ServingException failure) {
            synchronized (this) {
                outputs.forEach(Output::release);
            }
            failed(index, failure);
        }
    }
}
