// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.serving.DesiredModel;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.DesiredVersion;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelAdmin.Registration;
import dev.sluice.serving.ModelJournal;
import dev.sluice.serving.RegisterModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the models a server starts with, side by side: those an earlier process had, with what callers made of them, and those
 * that are listed. One that fails is told in the log, and the server goes on without it. Of several listed versions of one
 * model the first in the list becomes the default, whichever is registered first.
 *
 * <p><b>Threads:</b> runs on the thread that starts the server, which waits; the work is done on the load pool.
 */
final class StartupLoading {
    private static final Logger LOG = LoggerFactory.getLogger(StartupLoading.class);
    private static final Duration TELL_EVERY = Duration.ofSeconds(30);

    private static final String SUFFIX = ".mar";

    private final ModelAdmin admin;

    StartupLoading(ModelAdmin admin) {
        this.admin = admin;
    }

    /**
     * One model on its way; its futures never fail.
     *
     * @param registered holds nothing if it was not
     * @param loaded whether it is ready, or there already for another reason
     */
    private record Arrival(
            RegisterModel command,
            CompletableFuture<Optional<ModelId>> registered,
            CompletableFuture<Boolean> loaded) {}

    /**
     * Returns when each model is ready or has failed. What is wanted is written down as soon as all of them are known.
     *
     * @return the names of those that failed
     */
    List<String> run(DesiredModels restored, List<RegisterModel> listed) {
        List<Arrival> arrivals = new ArrayList<>();
        List<CompletableFuture<?>> choices = new ArrayList<>();
        restored.byName().forEach((name, model) -> {
            List<Arrival> versions = restore(model);
            arrivals.addAll(versions);
            choices.add(
                    all(versions.stream().map(Arrival::registered)).thenCompose(unused -> admin.restoreChoices(name)));
        });
        List<Arrival> added = listed.stream()
                .map(command -> arrive(command, admin.register(command).toCompletableFuture()))
                .toList();
        arrivals.addAll(added);
        choices.add(all(added.stream().map(Arrival::registered)).thenCompose(unused -> all(setDefaults(added))));
        CompletableFuture<?> written = all(choices.stream())
                .handle((done, failure) -> {
                    if (failure != null) {
                        LOG.error("A default version or a label could not be set", failure);
                    }
                    return admin.write(ModelJournal.Occasion.STARTUP);
                })
                .thenCompose(Function.identity())
                .exceptionally(failure -> null);
        await(CompletableFuture.allOf(written, all(arrivals.stream().map(Arrival::loaded))), arrivals);
        List<String> failed = arrivals.stream()
                .filter(arrival -> !arrival.loaded().getNow(false))
                .map(StartupLoading::nameOf)
                .toList();
        if (!failed.isEmpty()) {
            LOG.warn("{} of {} models did not load; the server starts without them", failed.size(), arrivals.size());
        }
        return failed;
    }

    /** What it was registered as; if it was not, the name asked for, or else that of its file. */
    private static String nameOf(Arrival arrival) {
        Optional<String> registered =
                arrival.registered().getNow(Optional.empty()).map(ModelId::name);
        return registered.or(() -> arrival.command().name()).orElseGet(() -> {
            String location = arrival.command().location();
            String file = location.substring(location.lastIndexOf('/') + 1);
            return file.endsWith(SUFFIX) ? file.substring(0, file.length() - SUFFIX.length()) : file;
        });
    }

    /** The default version first: who is registered first becomes the default unless somebody chooses. */
    private List<Arrival> restore(DesiredModel model) {
        DesiredVersion first = Objects.requireNonNull(model.byVersion().get(model.defaultVersion()));
        List<Arrival> arrivals = new ArrayList<>();
        Arrival leader = arrive(first.asked(), admin.restore(first).toCompletableFuture());
        arrivals.add(leader);
        model.byVersion().values().stream()
                .filter(version -> !version.equals(first))
                .forEach(version -> arrivals.add(
                        arrive(version.asked(), leader.registered().thenCompose(unused -> admin.restore(version)))));
        return arrivals;
    }

    private static Arrival arrive(RegisterModel command, CompletableFuture<Registration> registration) {
        CompletionStage<ModelId> ready = registration.thenCompose(
                made -> made.ready().thenApply(unused -> made.spec().id()));
        return new Arrival(
                command,
                registration.handle((made, failure) ->
                        Optional.ofNullable(made).map(it -> it.spec().id())),
                ready.handle((id, failure) -> failure == null || isThere(command, failure))
                        .toCompletableFuture());
    }

    /** Tells of the failure, which is none if something else has brought the model. */
    private static boolean isThere(RegisterModel command, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        ServingException reason = ServingException.from(cause);
        if (reason.code() == ErrorCode.ALREADY_EXISTS) {
            LOG.info("{}: {}", command.location(), reason.safeMessage());
            return true;
        }
        LOG.error(
                "Model {}{} did not load: {}",
                command.name().map(name -> name + " from ").orElse(""),
                command.location(),
                reason.safeMessage());
        LOG.debug("Model {} did not load", command.location(), cause);
        return false;
    }

    private Stream<CompletableFuture<Void>> setDefaults(List<Arrival> arrivals) {
        Map<String, List<ModelId>> versions = arrivals.stream()
                .flatMap(arrival -> arrival.registered().getNow(Optional.empty()).stream())
                .collect(Collectors.groupingBy(ModelId::name, LinkedHashMap::new, Collectors.toList()));
        return versions.values().stream()
                .filter(ids -> ids.size() > 1)
                .map(ids -> admin.setDefault(ids.get(0)).toCompletableFuture());
    }

    private static CompletableFuture<Void> all(Stream<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    /** How long loading may take is bounded model by model; meanwhile the log says what it waits for. */
    private static void await(CompletableFuture<?> done, List<Arrival> arrivals) {
        while (!done.isDone()) {
            try {
                Object unused = done.get(TELL_EVERY.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                LOG.info(
                        "Still loading: {}",
                        arrivals.stream()
                                .filter(arrival -> !arrival.loaded().isDone())
                                .map(arrival -> arrival.command().location())
                                .collect(Collectors.joining(", ")));
            } catch (ExecutionException e) {
                LOG.error("The models could not all be loaded", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
