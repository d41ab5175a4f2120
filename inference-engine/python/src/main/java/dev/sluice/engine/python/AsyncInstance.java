// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A worker that takes requests as they come and answers them in any order. A request is forgotten with its last answer, or when that, or
 * the next part of it, takes longer than it may; the worker goes on with the others. A request has no end before it has been sent.
 *
 * <p><b>Threads:</b> as its contract says; a thread of its own waits for answers.
 *
 * <p><b>Source:</b> spec torchserve, 7.7.
 */
final class AsyncInstance extends WorkerInstance implements StreamingInstance {
    private static final Duration OFTENEST_LOOK = Duration.ofMillis(10);
    private static final Duration RAREST_LOOK = Duration.ofSeconds(1);
    private static final int LOOKS_PER_TIMEOUT = 10;
    private static final int LONGEST_SHOWN = 80;

    private final Duration responseTimeout;
    private final int mostOpen;

    /** One for each request that may still be sent. */
    private final Semaphore room;

    private final Map<String, OpenRequest> open = new ConcurrentHashMap<>();
    /** Held while requests are sent. */
    private final ReentrantLock sending = new ReentrantLock();

    private final Thread receiver;
    private final Future<?> watch;

    /** The instance's thread: tells requests with the same id apart. */
    private long aliases;

    /** Written by the instance's thread: that the end of the connection is no loss. */
    private volatile boolean isClosing;

    /** What a reply says to a request. */
    private record Said(String id, OpenRequest request, Outcome outcome, boolean hasMore) {}

    /** @param mostOpen requests that may be open at once */
    AsyncInstance(Worker worker, Setup setup, Duration responseTimeout, int mostOpen) {
        super(worker, setup);
        this.responseTimeout = responseTimeout;
        this.mostOpen = mostOpen;
        this.room = new Semaphore(mostOpen);
        this.receiver = new Thread(this::receive, worker.name() + "-answers");
        receiver.setDaemon(true);
        Duration look = responseTimeout.dividedBy(LOOKS_PER_TIMEOUT);
        look = look.compareTo(OFTENEST_LOOK) < 0 ? OFTENEST_LOOK : look;
        look = look.compareTo(RAREST_LOOK) > 0 ? RAREST_LOOK : look;
        this.watch = setup.around()
                .timer()
                .scheduleWithFixedDelay(this::giveUpLate, look.toNanos(), look.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Begins to wait for answers; returns this. */
    AsyncInstance begin() {
        receiver.start();
        return this;
    }

    @Override
    public boolean answersLater() {
        return true;
    }

    @Override
    public void execute(Batch batch, BatchSink answers) {
        List<InferenceRequest> requests = batch.requests();
        count(requests.size());
        boolean isOfOneKind =
                requests.stream().map(Kind::of).distinct().count() == 1 && Kind.of(requests.get(0)) != Kind.DESCRIPTION;
        if (isOfOneKind) {
            send(requests, 0, answers);
            return;
        }
        for (int i = 0; i < requests.size(); i++) {
            send(List.of(requests.get(i)), i, answers);
        }
    }

    private void send(List<InferenceRequest> requests, int first, BatchSink answers) {
        Map<String, InferenceRequest> byId = new LinkedHashMap<>();
        List<OpenRequest> sent = new ArrayList<>();
        try {
            for (int i = 0; i < requests.size(); i++) {
                awaitRoom();
                InferenceRequest request = requests.get(i);
                OpenRequest one =
                        new OpenRequest(answers, first + i, RequestEncoder.hasTensors(request), room::release);
                sent.add(one);
                byId.put(register(request.context().requestId(), one), request);
            }
            send(byId, sent);
            if (worker().isLost()) {
                throw new IOException("the worker was lost while a request was sent to it");
            }
        } catch (IOException | RuntimeException | Error e) {
            // Those that have no answer yet get theirs from who called.
            sent.forEach(OpenRequest::disown);
            byId.keySet().forEach(open::remove);
            throw worker().lost(e);
        }
    }

    private void send(Map<String, InferenceRequest> byId, List<OpenRequest> requests) throws IOException {
        sending.lock();
        try {
            send(to -> write(to, byId));
            requests.forEach(OpenRequest::sent);
        } catch (IOException | RuntimeException | Error e) {
            // Before who receives hears of the loss: these get their answers from who called.
            requests.forEach(OpenRequest::disown);
            throw e;
        } finally {
            sending.unlock();
        }
    }

    private void awaitRoom() throws IOException {
        try {
            if (!room.tryAcquire(responseTimeout.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException(mostOpen + " requests are open, and none of them ended for "
                        + responseTimeout.toMillis() + " ms");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while requests were open", e);
        }
    }

    /** @return what the worker is to call it */
    private String register(String id, OpenRequest request) {
        String free = id;
        while (open.putIfAbsent(free, request) != null) {
            aliases++;
            free = id + "#" + aliases;
        }
        return free;
    }

    private void write(FrameWriter to, Map<String, InferenceRequest> requests) {
        encoder().begin(to);
        requests.forEach((id, request) -> encoder().put(to, id, request));
        encoder().end(to);
    }

    private void receive() {
        Prediction prediction = new Prediction();
        ReplyReader reader = worker().main().reader();
        try {
            while (true) {
                receiveOne(reader, prediction);
            }
        } catch (IOException | RuntimeException | Error e) {
            ServingException loss = isClosing ? Outcomes.died(e) : worker().lost(e);
            // Who is sending has been woken; until then bytes of requests are read.
            sending.lock();
            try {
                open.values().forEach(request -> request.end(new Outcome.Failure(loss)));
                open.clear();
            } finally {
                sending.unlock();
            }
        }
    }

    private void receiveOne(ReplyReader reader, Prediction prediction) throws IOException {
        int code = reader.code();
        Map<String, Said> all = new LinkedHashMap<>();
        try {
            if (Outcomes.isFine(code)) {
                readPredictions(reader, prediction, all);
            } else {
                readRefusal(reader, prediction, Outcomes.refusal(code, reader.message()), all);
            }
        } catch (IOException | RuntimeException | Error e) {
            // Half a reply is none.
            all.values().forEach(said -> said.outcome().release());
            throw e;
        }
        if (all.isEmpty() && !Outcomes.isFine(code)) {
            throw new WireException("reply " + code + " '" + NativeMessage.clean(reader.message()) + "' to nobody");
        }
        all.values().forEach(this::handOver);
    }

    private void readPredictions(ReplyReader reader, Prediction prediction, Map<String, Said> into) throws IOException {
        while (reader.next(prediction)) {
            String id = prediction.id.toString();
            OpenRequest request = request(id, into);
            reader.read(prediction);
            boolean hasMore = prediction.takeHasMore();
            into.put(id, new Said(id, request, outcomes().of(prediction, request.hadTensors()), hasMore));
        }
    }

    private void readRefusal(
            ReplyReader reader, Prediction prediction, ServingException refusal, Map<String, Said> into)
            throws IOException {
        while (reader.next(prediction)) {
            String id = prediction.id.toString();
            into.put(id, new Said(id, request(id, into), new Outcome.Failure(refusal), false));
            reader.skip(prediction);
        }
    }

    private void handOver(Said said) {
        if (!said.hasMore()) {
            open.remove(said.id(), said.request());
            said.request().end(said.outcome());
        } else if (said.outcome() instanceof Outcome.Success success) {
            said.request().part(success.response());
        } else {
            said.request().giveUp(said.outcome());
        }
    }

    /** @param said what the reply says to others */
    private OpenRequest request(String id, Map<String, Said> said) throws WireException {
        OpenRequest request = open.get(id);
        if (request == null || said.containsKey(id) || !hasBeenSent(request)) {
            throw new WireException("request id: '" + id.substring(0, Math.min(id.length(), LONGEST_SHOWN))
                    + "' (expected: one of " + open.size() + " that are open, once)");
        }
        return request;
    }

    /** Waits for it to have been sent, if that is being done: until then its bytes are read. */
    private boolean hasBeenSent(OpenRequest request) {
        if (request.isSent()) {
            return true;
        }
        sending.lock();
        try {
            return request.isSent();
        } finally {
            sending.unlock();
        }
    }

    /** What the worker still sends for them goes nowhere, and until it has ended them they count as open. */
    private void giveUpLate() {
        long now = System.nanoTime();
        for (OpenRequest request : open.values()) {
            // One that is still being sent is in a call, which is watched over.
            if (request.isSent() && now - request.lastNanos() > responseTimeout.toNanos()) {
                request.giveUp(new Outcome.Failure(new ServingException(
                        ErrorCode.ENGINE_FAILED,
                        "Prediction took longer than " + responseTimeout.toMillis() + " ms (responseTimeout)")));
            }
        }
    }

    /** Lets what is open end, as long as it may take. */
    @Override
    public void close() {
        isClosing = true;
        try {
            if (!worker().isLost()) {
                boolean unused = room.tryAcquire(mostOpen, responseTimeout.toNanos(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            watch.cancel(false);
            super.close();
        }
    }
}
