// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.serving.ModelJournal.Occasion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that are wanted, and the one queue through which every change of them goes: it is applied, written down, and only
 * then acted on. Changes that come while one is being written are written together.
 *
 * <p><b>Threads:</b> safe from any thread, and never waits. One thread at a time, whoever finds the queue idle or completes
 * the journal's stage, works it off; acts run on it, in the order in which their changes were written down.
 */
final class DesiredState {
    private static final Logger LOG = LoggerFactory.getLogger(DesiredState.class);

    private final ModelJournal journal;
    private final Object lock = new Object();

    /** Written under the lock. */
    private List<Change<?>> waiting = new ArrayList<>();

    /** Written under the lock; whether somebody works off the queue. */
    private boolean busy;

    /** Written by whoever works off the queue. */
    private volatile DesiredModels current;

    /** Written by whoever works off the queue. */
    private DesiredModels written;

    /** Written by whoever works off the queue; false until this process has written something. */
    private boolean hasWritten;

    DesiredState(ModelJournal journal, DesiredModels restored) {
        this.journal = journal;
        this.current = restored;
        this.written = restored;
    }

    /** What a change needs of the journal. */
    enum Need {
        /** It is refused if it cannot be written down. */
        WRITTEN,
        /** The next thing that is written has it; nobody waits for that. */
        NEXT_TIME,
        /** It has happened already, and so it holds even if it cannot be written down now. */
        HAPPENED
    }

    /** One change on its way through the queue; its fields are written by whoever works off the queue. */
    private static final class Change<T> {
        private final Need need;
        private final Occasion occasion;
        private final UnaryOperator<DesiredModels> edit;
        private final Function<DesiredModels, T> act;
        private final CompletableFuture<T> result = new CompletableFuture<>();

        /** Set when the change is applied. */
        private DesiredModels before = DesiredModels.NONE;

        Change(Need need, Occasion occasion, UnaryOperator<DesiredModels> edit, Function<DesiredModels, T> act) {
            this.need = need;
            this.occasion = occasion;
            this.edit = edit;
            this.act = act;
        }

        DesiredModels applied(DesiredModels models) {
            before = models;
            return edit.apply(models);
        }

        void run() {
            try {
                result.complete(act.apply(before));
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(ServingException.from(e));
            }
        }

        void refuse(ServingException reason) {
            result.completeExceptionally(reason);
        }
    }

    /**
     * What to write, and whose changes are in it.
     *
     * @param losesUnwritten whether a caller removes a version the journal has not seen yet; it has to see that once, or it
     *     would not know that the version is not to come back
     */
    private record Batch(DesiredModels next, List<Change<?>> changes, boolean losesUnwritten) {}

    DesiredModels current() {
        return current;
    }

    /**
     * Makes a change.
     *
     * @param edit refuses it by throwing a {@link ServingException}
     * @param act starts what the change is for, and returns at once; is given what was wanted before
     * @return what {@code act} returned
     */
    <T> CompletionStage<T> change(Need need, UnaryOperator<DesiredModels> edit, Function<DesiredModels, T> act) {
        return submit(new Change<>(need, Occasion.CHANGE, edit, act));
    }

    /** Corrects what is wanted to what has happened; completes when that is written down or has failed to be, never fails. */
    CompletionStage<Void> correct(UnaryOperator<DesiredModels> edit) {
        return submit(new Change<@Nullable Void>(Need.HAPPENED, Occasion.CHANGE, edit, before -> null))
                .exceptionally(failure -> null)
                .thenAccept(unused -> {});
    }

    /** Writes down everything, changed or not. */
    CompletionStage<Void> write(Occasion occasion) {
        return submit(new Change<@Nullable Void>(Need.WRITTEN, occasion, models -> models, before -> null))
                .thenAccept(unused -> {});
    }

    private <T> CompletionStage<T> submit(Change<T> change) {
        synchronized (lock) {
            waiting.add(change);
            if (busy) {
                return change.result;
            }
            busy = true;
        }
        workOff();
        return change.result;
    }

    private void workOff() {
        while (true) {
            List<Change<?>> taken;
            synchronized (lock) {
                if (waiting.isEmpty()) {
                    busy = false;
                    return;
                }
                taken = waiting;
                waiting = new ArrayList<>();
            }
            Batch batch = applied(taken);
            CompletableFuture<?> stage = written(batch);
            if (!stage.isDone()) {
                CompletableFuture<?> unused = stage.whenComplete((done, failure) -> {
                    finish(batch, failure);
                    workOff();
                });
                return;
            }
            finish(batch, stage.isCompletedExceptionally() ? failureOf(stage) : null);
        }
    }

    private static Throwable failureOf(CompletableFuture<?> stage) {
        return stage.handle((value, failure) -> failure == null ? new IllegalStateException() : failure)
                .getNow(new IllegalStateException());
    }

    private Batch applied(List<Change<?>> changes) {
        DesiredModels next = current;
        boolean losesUnwritten = false;
        List<Change<?>> accepted = new ArrayList<>();
        for (Change<?> change : changes) {
            try {
                DesiredModels before = next;
                next = change.applied(before);
                accepted.add(change);
                losesUnwritten |= change.need == Need.WRITTEN && losesUnwritten(before, next);
            } catch (RuntimeException e) {
                change.refuse(ServingException.from(e));
            }
        }
        return new Batch(next, accepted, losesUnwritten);
    }

    private boolean losesUnwritten(DesiredModels before, DesiredModels after) {
        return before.versions()
                .map(DesiredVersion::id)
                .anyMatch(id -> after.find(id).isEmpty() && written.find(id).isEmpty());
    }

    private CompletableFuture<?> written(Batch batch) {
        Occasion occasion = batch.changes().stream()
                .map(change -> change.occasion)
                .filter(other -> other != Occasion.CHANGE)
                .findFirst()
                .orElse(Occasion.CHANGE);
        boolean isAsked = batch.changes().stream().anyMatch(change -> change.need != Need.NEXT_TIME);
        if (occasion == Occasion.CHANGE
                && (!isAsked || (hasWritten && batch.next().equals(written)))) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Boolean> stage;
        try {
            CompletionStage<Void> first = batch.losesUnwritten()
                    ? journal.write(current, Occasion.CHANGE)
                    : CompletableFuture.completedStage(null);
            stage = first.thenCompose(unused -> journal.write(batch.next(), occasion))
                    .thenApply(unused -> true)
                    .toCompletableFuture();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return stage.thenAccept(unused -> {
            written = batch.next();
            hasWritten = true;
        });
    }

    private void finish(Batch batch, @Nullable Throwable failure) {
        if (failure == null) {
            current = batch.next();
            batch.changes().forEach(Change::run);
            return;
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        LOG.error("The wanted models cannot be written down, so changes of them are refused", cause);
        List<Change<?>> refused = batch.changes().stream()
                .filter(change -> change.need == Need.WRITTEN)
                .toList();
        // What has happened anyway is applied to what was there before the others.
        Batch rest = applied(batch.changes().stream()
                .filter(change -> change.need != Need.WRITTEN)
                .toList());
        current = rest.next();
        rest.changes().forEach(Change::run);
        refused.forEach(change -> change.refuse(new ServingException(
                ErrorCode.INTERNAL,
                "The change could not be written to disk, so it was not made. The server's log says why.",
                cause)));
    }
}
