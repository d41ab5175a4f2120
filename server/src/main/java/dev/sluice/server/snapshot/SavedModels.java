// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.SavedSettings;
import dev.sluice.server.config.SnapshotsConfig;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.DesiredVersion;
import dev.sluice.serving.ModelJournal;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of earlier processes, and where this one writes down its own.
 *
 * <p>A server starts with the last snapshot. Models declared in the configuration's {@code model_snapshot} go before it, unless
 * it came of that same declaration: then what callers changed since holds. What {@code load_models} lists and no snapshot has
 * known yet is loaded in addition.
 *
 * <p>Source: torchserve.md section 10; unlike there, {@code load_models} and a configuration file do not end what was kept.
 *
 * <p><b>Threads:</b> made and closed by one thread; the journal is safe as its interface says.
 */
public final class SavedModels implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SavedModels.class);

    private final Start start;
    private final Optional<DirectoryLock> lock;
    private final Optional<SnapshotJournal> journal;

    private SavedModels(Start start, Optional<DirectoryLock> lock, Optional<SnapshotJournal> journal) {
        this.start = start;
        this.lock = lock;
        this.journal = journal;
    }

    /** What a server starts with, and the items of load_models that are in it already. */
    private record Start(DesiredModels models, Set<String> listed) {
        private static final Start EMPTY = new Start(DesiredModels.NONE, Set.of());
    }

    /**
     * Reads what there is, and takes the directory for this process.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if the configuration's own declaration cannot be read
     */
    public static SavedModels open(SnapshotsConfig config, InstantSource clock) {
        Optional<String> inline = config.inline().map(SavedModels::fingerprint);
        Optional<SnapshotJson.Content> declared = config.inline().map(SnapshotJson::read);
        Claim claim = config.enabled() ? Claim.on(config.directory()) : Claim.NONE;
        Optional<DirectoryLock> lock = claim.lock();
        SnapshotFiles files = new SnapshotFiles(config.directory());
        if (claim.mayRead()) {
            files.tellForeign();
        }
        Optional<SnapshotFiles.Saved> last = (claim.mayRead() ? files.last() : Optional.<SnapshotFiles.Saved>empty())
                .filter(saved -> concerns(saved, config));
        Start start = start(declared, inline, last);
        Optional<SnapshotJournal> journal =
                lock.map(held -> new SnapshotJournal(files, config, clock, inline, start.listed()));
        return new SavedModels(start, lock, journal);
    }

    /** A snapshot of another model store, of which nothing is in this one, is another server's. */
    private static boolean concerns(SnapshotFiles.Saved saved, SnapshotsConfig config) {
        Optional<String> store = Optional.ofNullable(config.settings().get(ConfigKey.MODEL_STORE.key()));
        Snapshot snapshot = saved.snapshot();
        if (store.isEmpty() || !SavedSettings.areOfAnotherStore(snapshot.settings(), store)) {
            return true;
        }
        Path directory = Path.of(store.get());
        boolean isMoved = snapshot.models()
                .versions()
                .anyMatch(version -> Files.exists(
                        directory.resolve(VersionJson.baseName(version.asked().source()))));
        if (!isMoved) {
            LOG.warn(
                    "{} is of another model store, of which nothing is in {}: its models are not restored",
                    saved.file(),
                    directory);
        }
        return isMoved;
    }

    private static Start start(
            Optional<SnapshotJson.Content> declared, Optional<String> inline, Optional<SnapshotFiles.Saved> last) {
        boolean isNewDeclaration = declared.isPresent()
                && last.map(saved -> !saved.snapshot().inline().equals(inline)).orElse(true);
        if (isNewDeclaration) {
            DesiredModels models = declared.get().models();
            LOG.info(
                    "Starting with {} models declared by model_snapshot in the configuration",
                    models.versions().count());
            // Its archives are not loaded once more under the names that are in them.
            Set<String> listed = new TreeSet<>(declared.get().listed());
            models.versions()
                    .map(version -> VersionJson.baseName(version.asked().source()))
                    .forEach(listed::add);
            return new Start(models, listed);
        }
        if (last.isEmpty()) {
            return Start.EMPTY;
        }
        Snapshot snapshot = last.get().snapshot();
        LOG.info(
                "Restoring {} models, as they were last registered, from {}; --ncs starts without them, and keeps none",
                snapshot.models().versions().count(),
                last.get().file());
        return new Start(snapshot.models(), snapshot.listed());
    }

    /** What this process may do with the directory. */
    private record Claim(Optional<DirectoryLock> lock, boolean mayRead) {
        private static final Claim NONE = new Claim(Optional.empty(), false);

        static Claim on(Path directory) {
            try {
                Optional<DirectoryLock> lock = DirectoryLock.take(directory);
                if (lock.isEmpty()) {
                    LOG.error(
                            "snapshot_dir: {} is in use by another server, so the models registered with this one end with"
                                    + " it (expected: a directory of its own for each server, by --set snapshot_dir=DIR,"
                                    + " or --ncs)",
                            directory);
                }
                return new Claim(lock, lock.isPresent());
            } catch (IOException e) {
                LOG.error(
                        "snapshot_dir: {} cannot be written to ({}), so the models registered with this server end with"
                                + " it (expected: a directory this user may write to, by --set snapshot_dir=DIR, or"
                                + " --ncs)",
                        directory,
                        e.toString());
                return new Claim(Optional.empty(), true);
            }
        }
    }

    private static String fingerprint(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The models to start with. */
    public DesiredModels models() {
        return start.models();
    }

    /**
     * Those of {@code listed} that are to be loaded in addition.
     *
     * @param listed what {@code load_models} asks for
     * @param isAll whether it asks for all there is, so that what callers registered counts as listed
     */
    public List<RegisterModel> newlyListed(List<RegisterModel> listed, boolean isAll) {
        journal.ifPresent(it -> it.watch(listed, isAll));
        return listed.stream()
                .filter(command -> !start.listed().contains(item(command)))
                .toList();
    }

    /** As {@code load_models} has it, but for what nobody is to read in a file. */
    static String item(RegisterModel command) {
        return command.name().map(name -> name + "=").orElse("") + VersionJson.withoutSecrets(command.location());
    }

    /** Whether {@code version} is what {@code command} asks for. */
    static boolean isFrom(DesiredVersion version, RegisterModel command) {
        return VersionJson.withoutSecrets(version.asked().location())
                        .equals(VersionJson.withoutSecrets(command.location()))
                && command.name().map(version.id().name()::equals).orElse(true);
    }

    /** Where this process writes down its models. */
    public ModelJournal journal() {
        return journal.<ModelJournal>map(it -> it).orElse(ModelJournal.NONE);
    }

    @Override
    public void close() throws IOException {
        journal.ifPresent(SnapshotJournal::close);
        if (lock.isPresent()) {
            lock.get().close();
        }
    }
}
