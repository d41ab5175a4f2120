// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.engine.Outcome;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on its way through a composite model. Each step is a request of its own, with this one's deadline, tenant, priority and
 * headers; the first that fails fails them all, and those that are still under way are cancelled.
 *
 * <p><b>Threads:</b> safe from any thread: steps end on the threads of their models' instances, and start the next ones there.
 *
 * <p><b>Ownership:</b> reads the request until it has ended; an output of a step is let go when the last step that reads it has been
 * handed it.
 */
final class CompositeRun {
    private static final Logger LOG = LoggerFactory.getLogger(CompositeRun.class);

    private final ModelId id;
    private final CompositeGraph graph;
    private final InferenceRequest request;
    private final int depth;
    private final InferenceService models;
    private final Consumer<Outcome> onEnd;
    private final Cancellation cancellation = new Cancellation();

    // All guarded by this.
    private final Map<String, InferenceResponse> results = new HashMap<>();
    private final Map<String, Integer> readersLeft;
    private final Set<String> started = new HashSet<>();
    private int finished;
    private long bytes;
    private boolean ended;

    /**
     * A run that has not started.
     *
     * @param depth composite models this request has come through, this one included
     * @param onEnd hears the outcome, once; on any thread
     */
    CompositeRun(
            ModelId id,
            CompositeGraph graph,
            InferenceRequest request,
            int depth,
            InferenceService models,
            Consumer<Outcome> onEnd) {
        this.id = id;
        this.graph = graph;
        this.request = request;
        this.depth = depth;
        this.models = models;
        this.onEnd = onEnd;
        this.readersLeft = graph.readers();
    }

    /** Starts what needs nothing but the request. Does not throw: whatever goes wrong ends the run. */
    void start() {
        try {
            request.context()
                    .cancellation()
                    .onCancel(() -> fail(new ServingException(ErrorCode.CANCELLED, "cancelled")));
        } catch (RuntimeException | Error e) {
            fail(e);
            return;
        }
        advance();
    }

    /** Starts each step whose inputs are there, and ends the run when the last step has ended, or this goes wrong. */
    private void advance() {
        Map<String, InferenceRequest> starting = new LinkedHashMap<>();
        try {
            Optional<InferenceResponse> answer = next(starting);
            infer(starting);
            answer.ifPresent(whole -> tell(new Outcome.Success(whole)));
        } catch (RuntimeException | Error e) {
            starting.values().forEach(step -> letGo(step::release));
            fail(e);
        }
    }

    /** Asks for the steps {@code starting}; those left in it when this throws have not been asked for. */
    private void infer(Map<String, InferenceRequest> starting) {
        Iterator<Map.Entry<String, InferenceRequest>> each = starting.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<String, InferenceRequest> step = each.next();
            InferenceRequest asked = step.getValue();
            StepSink sink = new StepSink(step.getKey());
            each.remove();
            models.infer(asked, sink);
        }
    }

    /** The requests of the steps that can start now, into {@code starting}; the answer, if this was the end. */
    private synchronized Optional<InferenceResponse> next(Map<String, InferenceRequest> starting) {
        if (ended) {
            return Optional.empty();
        }
        for (Map.Entry<String, CompositeGraph.Step> step : graph.steps().entrySet()) {
            String name = step.getKey();
            if (results.keySet().containsAll(step.getValue().needs()) && started.add(name)) {
                starting.put(name, stepRequest(name, step.getValue()));
                step.getValue().needs().forEach(this::readOnce);
            }
        }
        if (finished < graph.steps().size()) {
            return Optional.empty();
        }
        InferenceResponse answer = answer();
        end();
        return Optional.of(answer);
    }

    private InferenceRequest stepRequest(String name, CompositeGraph.Step step) {
        List<Input> inputs = new ArrayList<>();
        try {
            for (CompositeGraph.Wire wire : step.inputs()) {
                inputs.add(WireEnds.asInput(found(wire.source()), wire.name()));
            }
        } catch (RuntimeException | Error e) {
            inputs.forEach(input -> letGo(input::release));
            throw e;
        }
        Map<String, String> parameters = new HashMap<>(request.parameters());
        parameters.put(CompositeModel.DEPTH, String.valueOf(depth));
        return new InferenceRequest(step.model(), inputs, List.of(), parameters, stepContext(name));
    }

    private RequestContext stepContext(String name) {
        RequestContext parent = request.context();
        return new RequestContext(
                parent.requestId() + "/" + name,
                CompositeModel.PROTOCOL,
                parent.admittedNanos(),
                parent.deadlineNanos(),
                parent.headers(),
                cancellation,
                parent.tenant(),
                parent.priority(),
                parent.sequence());
    }

    /** What {@code source} names; it stays its owner's. */
    private Output found(CompositeGraph.Source source) {
        return source.step().isEmpty()
                ? WireEnds.view(WireEnds.find(request.inputs(), source))
                : WireEnds.find(result(source), source);
    }

    private InferenceResponse answer() {
        List<Output> outputs = new ArrayList<>();
        try {
            for (CompositeGraph.Wire wire : graph.outputs()) {
                outputs.add(WireEnds.asOutput(found(wire.source()), wire.name()));
            }
        } catch (RuntimeException | Error e) {
            outputs.forEach(output -> letGo(output::release));
            throw e;
        }
        return new InferenceResponse(id, outputs);
    }

    private InferenceResponse result(CompositeGraph.Source source) {
        return Objects.requireNonNull(results.get(source.step().orElseThrow()), "a step that has not ended is read");
    }

    /** One of the readers of {@code step} has what it needs; the last one lets it go. */
    private void readOnce(String step) {
        if (readersLeft.merge(step, -1, Integer::sum) == 0) {
            InferenceResponse read = Objects.requireNonNull(results.get(step));
            bytes -= WireEnds.bytes(read.outputs());
            results.put(step, new InferenceResponse(read.model(), List.of()));
            read.release();
        }
    }

    /** Counts what a step has given; false if nobody wants it any more, which ends the run if it is for its bytes. */
    private boolean holds(List<Output> given) {
        synchronized (this) {
            if (ended) {
                return false;
            }
            bytes += WireEnds.bytes(given);
            if (bytes <= graph.maxBytes()) {
                return true;
            }
        }
        fail(new ServingException(
                ErrorCode.OUT_OF_MEMORY,
                "The steps of model \"" + id.name() + "\" hold more than " + graph.maxBytes()
                        + " bytes at once (handler.composite.maxBytes)"));
        return false;
    }

    /** All that a step gives is here, and has been counted. */
    private void stepEnded(String name, InferenceResponse result) {
        synchronized (this) {
            if (!ended) {
                results.put(name, result);
                finished++;
            } else {
                letGo(result::release);
            }
        }
        advance();
    }

    private void fail(Throwable cause) {
        ServingException failure = ServingException.from(cause);
        synchronized (this) {
            if (ended) {
                return;
            }
            end();
        }
        if (failure != cause) {
            LOG.error("Request {} to model {} failed", request.context().requestId(), id, cause);
        }
        cancellation.cancel();
        tell(new Outcome.Failure(failure));
    }

    /** Called once: by who has set {@link #ended}. */
    private void tell(Outcome outcome) {
        try {
            onEnd.accept(outcome);
        } catch (RuntimeException | Error e) {
            LOG.error("Request {}: answering it went wrong", request.context().requestId(), e);
        }
    }

    private void end() {
        ended = true;
        results.values().forEach(result -> letGo(result::release));
        results.clear();
    }

    /** One that cannot be released must keep neither the others nor the answer. */
    private void letGo(Runnable release) {
        try {
            release.run();
        } catch (RuntimeException | Error e) {
            LOG.error(
                    "Request {}: releasing a buffer went wrong",
                    request.context().requestId(),
                    e);
        }
    }

    /** What a step did wrong, in words of the model the client knows. */
    private ServingException ofStep(String name, ServingException failure) {
        ErrorCode code = failure.code();
        // That a step's model is not there is no mistake of the client's: it named one that is.
        boolean isOurs = code == ErrorCode.MODEL_NOT_FOUND || code == ErrorCode.VERSION_NOT_FOUND;
        String message = "Step '" + name + "' of model \"" + id.name() + "\": " + failure.safeMessage();
        return failure.retryAfter()
                .map(wait -> new ServingException(code, message, wait))
                .orElseGet(() -> new ServingException(isOurs ? ErrorCode.MODEL_UNAVAILABLE : code, message, failure));
    }

    /** Collects what one step gives; parts of a streamed answer are its outputs, one after the other. */
    private final class StepSink implements ResponseSink {
        private final String name;

        /** Written by whichever thread delivers, one at a time and each after the other. */
        private final List<Output> outputs = new ArrayList<>();

        StepSink(String name) {
            this.name = name;
        }

        @Override
        public void part(InferenceResponse part) {
            guarded(() -> {
                boolean unused = collect(part);
            });
        }

        @Override
        public void complete(InferenceResponse response) {
            guarded(() -> {
                if (collect(response)) {
                    stepEnded(name, new InferenceResponse(response.model(), outputs));
                }
            });
        }

        @Override
        public void fail(ServingException failure) {
            letGoOfAll();
            CompositeRun.this.fail(ofStep(name, failure));
        }

        private void guarded(Runnable action) {
            try {
                action.run();
            } catch (RuntimeException | Error e) {
                letGoOfAll();
                CompositeRun.this.fail(e);
            }
        }

        /** Adds to what the step has given; false, with all of it let go, if nobody wants that any more. */
        private boolean collect(InferenceResponse given) {
            outputs.addAll(given.outputs());
            boolean isWanted = holds(given.outputs());
            if (!isWanted) {
                letGoOfAll();
            }
            return isWanted;
        }

        private void letGoOfAll() {
            outputs.forEach(output -> letGo(output::release));
            outputs.clear();
        }
    }
}
