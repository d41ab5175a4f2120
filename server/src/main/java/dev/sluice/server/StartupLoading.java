// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelAdmin.Registration;
import dev.sluice.serving.RegisterModel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the models a server starts with, side by side. One that fails is told in the log, and the server goes on without
 * it. Of several versions of one model the first in the list becomes the default, whichever is registered first.
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

    /** One model on its way; both futures hold nothing if it failed, and never fail themselves. */
    private record Arrival(
            RegisterModel command,
            CompletableFuture<Optional<ModelId>> registered,
            CompletableFuture<Optional<ModelId>> ready) {}

    /**
     * Returns when each model is ready or has failed.
     *
     * @return the names of those that failed
     */
    List<String> run(List<RegisterModel> commands) {
        List<Arrival> arrivals = commands.stream().map(this::arrive).toList();
        CompletableFuture<?> defaults =
                all(arrivals.stream().map(Arrival::registered)).thenCompose(unused -> all(setDefaults(arrivals)));
        await(CompletableFuture.allOf(defaults, all(arrivals.stream().map(Arrival::ready))), arrivals);
        List<String> failed = arrivals.stream()
                .filter(arrival -> arrival.ready().getNow(Optional.empty()).isEmpty())
                .map(StartupLoading::nameOf)
                .toList();
        if (!failed.isEmpty()) {
            LOG.warn("{} of {} models did not load; the server starts without them", failed.size(), commands.size());
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

    private Arrival arrive(RegisterModel command) {
        CompletableFuture<Registration> registration = admin.register(command).toCompletableFuture();
        CompletionStage<ModelId> ready = registration.thenCompose(
                made -> made.ready().thenApply(unused -> made.spec().id()));
        return new Arrival(
                command,
                registration.handle((made, failure) ->
                        Optional.ofNullable(made).map(it -> it.spec().id())),
                ready.handle((id, failure) -> {
                            if (failure != null) {
                                tell(command, failure);
                            }
                            return Optional.ofNullable(id);
                        })
                        .toCompletableFuture());
    }

    private static void tell(RegisterModel command, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        LOG.error(
                "Model {} did not load: {}",
                command.location(),
                ServingException.from(cause).safeMessage());
        LOG.debug("Model {} did not load", command.location(), cause);
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
                                .filter(arrival -> !arrival.ready().isDone())
                                .map(arrival -> arrival.command().location())
                                .collect(Collectors.joining(", ")));
            } catch (ExecutionException e) {
                LOG.error("A default version could not be set", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
