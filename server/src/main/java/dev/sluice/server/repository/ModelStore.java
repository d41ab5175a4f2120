// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.ArchiveException;
import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.repository.download.ModelDownloads;
import dev.sluice.serving.ModelResolver;
import dev.sluice.serving.RegisterModel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * The model store: a directory of archives, model directories and plain model files. Archives are unpacked into the
 * process's own work directory, everything else is used where it lies.
 *
 * <p><b>Threads:</b> safe from any thread; blocks.
 *
 * <p><b>Errors:</b> {@code SOURCE_NOT_FOUND}, {@code DOWNLOAD_FAILED}, {@code INVALID_MODEL}.
 */
public final class ModelStore implements ModelResolver {
    private static final ArchiveLimits LIMITS = ArchiveLimits.defaults();

    private final ModelLocator locator;
    private final SpecFactory specs;
    private final WorkDirectory work;
    private final FetchedFiles fetched = new FetchedFiles();
    private final UnaryOperator<String> cure;

    /**
     * @param capabilities what the models of this store can be run with
     * @param processors instances of a start-up model when nobody names a number
     */
    public ModelStore(ModelStoreConfig config, Capabilities capabilities, WorkDirectory work, int processors) {
        this(config, capabilities, work, processors, Optional.empty());
    }

    /**
     * @param capabilities what the models of this store can be run with
     * @param processors instances of a start-up model when nobody names a number
     * @param downloads what fetches URLs; empty if none is allowed
     */
    public ModelStore(
            ModelStoreConfig config,
            Capabilities capabilities,
            WorkDirectory work,
            int processors,
            Optional<ModelDownloads> downloads) {
        ModelFinder finder = new ModelFinder(capabilities.fileSuffixes());
        config.directory().ifPresent(store -> downloads.ifPresent(all -> all.deleteAbandoned(store)));
        this.locator = new ModelLocator(config.directory(), finder, downloads);
        this.specs = new SpecFactory(
                config, finder, new HandlerChoice(capabilities.handlers()), processors, capabilities.cards());
        this.work = work;
        this.cure = capabilities.cure();
    }

    @Override
    public ModelSpec resolve(RegisterModel command) {
        ModelLocator.Found found = locator.find(command);
        try {
            ModelSpec spec = specOf(command, found);
            fetched.keep(spec, found.path());
            return spec;
        } catch (RuntimeException | Error e) {
            if (found.isNew()) {
                fetched.forget(found.path());
            }
            throw e;
        }
    }

    private ModelSpec specOf(RegisterModel command, ModelLocator.Found found) {
        UnpackedModel model = unpack(found);
        try {
            return specs.specOf(command, found, model);
        } catch (IllegalArgumentException e) {
            work.discard(model.root());
            throw new ServingException(ErrorCode.INVALID_INPUT, String.valueOf(e.getMessage()), e);
        } catch (RuntimeException | Error e) {
            work.discard(model.root());
            throw e;
        }
    }

    private UnpackedModel unpack(ModelLocator.Found found) {
        try {
            return switch (found.kind()) {
                case PLAIN_FILE -> new UnpackedModel(parentOf(found.path()), Manifest.empty());
                case DIRECTORY ->
                    new UnpackedModel(
                            found.path(), ArchiveReader.of(found.path(), LIMITS).manifest());
                case ARCHIVE -> extract(ArchiveReader.of(found.path(), LIMITS));
            };
        } catch (ArchiveException e) {
            // It may be a model that is taken for an archive, for want of an engine that knows its like.
            throw new ServingException(ErrorCode.INVALID_MODEL, e.reason() + cure.apply(found.name()), e);
        }
    }

    private UnpackedModel extract(ArchiveReader archive) {
        Manifest manifest = archive.manifest();
        Path target = work.models().resolve(UUID.randomUUID().toString());
        archive.extractTo(target);
        return new UnpackedModel(target, manifest);
    }

    private static Path parentOf(Path file) {
        Path parent = file.getParent();
        return parent == null ? file : parent;
    }

    @Override
    public void discard(ModelSpec spec) {
        work.discard(spec.files().root());
        fetched.discard(spec);
    }

    @Override
    public void release(ModelSpec spec) {
        work.discard(spec.files().root());
        fetched.release(spec);
    }
}
