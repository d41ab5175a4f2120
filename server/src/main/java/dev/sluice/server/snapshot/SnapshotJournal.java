// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.server.config.SnapshotsConfig;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.DesiredVersion;
import dev.sluice.serving.ModelJournal;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a snapshot each time, by a thread of its own, and deletes old ones once the new one is safe.
 *
 * <p><b>Threads:</b> as its interface says. The thread ends with {@link #close}, after what it is writing.
 */
final class SnapshotJournal implements ModelJournal, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotJournal.class);

    /** What writing may take when the server ends. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final SnapshotFiles files;
    private final SnapshotsConfig config;
    private final InstantSource clock;
    private final Optional<String> inline;
    private final ExecutorService thread;

    /** Written by the thread. */
    private final Set<String> listed;

    /** Written by the thread; the time of the newest file there is. */
    private Optional<LocalDateTime> latest;

    /** Written once before anything is, by whoever starts the server. */
    private volatile List<RegisterModel> watched = List.of();

    /** Written as {@code watched} is. */
    private volatile boolean isAll;

    SnapshotJournal(
            SnapshotFiles files,
            SnapshotsConfig config,
            InstantSource clock,
            Optional<String> inline,
            Set<String> listed) {
        this.files = files;
        this.config = config;
        this.clock = clock;
        this.inline = inline;
        this.listed = new TreeSet<>(listed);
        this.latest = files.latest();
        files.deleteUnfinished();
        this.thread = Executors.newSingleThreadExecutor(task -> {
            Thread writer = new Thread(task, "snapshots");
            writer.setDaemon(true);
            return writer;
        });
    }

    /** From now on, notes which of these have become models. */
    void watch(List<RegisterModel> commands, boolean all) {
        watched = List.copyOf(commands);
        isAll = all;
    }

    @Override
    public CompletionStage<Void> write(DesiredModels wanted, Occasion occasion) {
        try {
            return CompletableFuture.runAsync(() -> writeNow(wanted, occasion), thread);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private void writeNow(DesiredModels wanted, Occasion occasion) {
        Set<String> taken = new TreeSet<>(listed);
        wanted.versions().forEach(version -> take(version, taken));
        Instant now = clock.instant();
        SnapshotName name = SnapshotName.next(now, latest, occasion);
        // A name is used once, whatever came of it.
        latest = Optional.of(name.time());
        try {
            files.write(name, now, new Snapshot(config.settings(), wanted, taken, inline));
        } catch (IOException e) {
            throw new UncheckedIOException("Snapshot " + name.file() + " could not be written", e);
        }
        listed.addAll(taken);
        files.prune(config.kept());
    }

    private void take(DesiredVersion version, Set<String> taken) {
        watched.stream()
                .filter(command -> SavedModels.isFrom(version, command))
                .map(SavedModels::item)
                .forEach(taken::add);
        if (isAll) {
            taken.add(VersionJson.baseName(version.asked().source()));
        }
    }

    /** Waits for what is being written: the directory is another server's afterwards. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("The last snapshot is not written after {}", PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
