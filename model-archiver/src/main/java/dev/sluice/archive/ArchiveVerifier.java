// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One check of an archive, from its bytes to the files its manifest names.
 *
 * <p><b>Threads:</b> confined to the call that made it; its field is written by that thread alone.
 */
final class ArchiveVerifier implements EntrySource.Visitor {
    private static final List<String> LIBRARY_SUFFIXES = List.of(".so", ".dylib", ".dll");

    private final ArchiveReader reader;
    private final Set<String> names = new HashSet<>();
    private final List<Finding> findings = new ArrayList<>();
    private Optional<Manifest> manifest = Optional.empty(); // written by the verifying thread
    private boolean hasManifestFile; // written by the verifying thread

    private ArchiveVerifier(ArchiveReader reader) {
        this.reader = reader;
    }

    static List<Finding> verify(ArchiveReader reader) {
        ArchiveVerifier verifier = new ArchiveVerifier(reader);
        try {
            reader.visit(verifier);
        } catch (ArchiveException e) {
            return List.of(Finding.error("structure", e.reason()));
        }
        verifier.checkManifest();
        return List.copyOf(verifier.findings);
    }

    @Override
    public boolean file(String name, long bytes, InputStream content) throws IOException {
        names.add(name);
        if (name.equals(Manifest.LOCATION)) {
            hasManifestFile = true;
            readManifest(content);
        }
        content.transferTo(OutputStream.nullOutputStream());
        return true;
    }

    private void readManifest(InputStream content) throws IOException {
        try {
            manifest = Optional.of(reader.parse(content));
        } catch (ArchiveException e) {
            findings.add(Finding.error("manifest", e.reason()));
        }
    }

    private void checkManifest() {
        if (!hasManifestFile) {
            findings.add(Finding.warning(
                    "manifest",
                    "no " + Manifest.LOCATION
                            + ": the server takes name and handler from the request and its settings"));
        }
        manifest.ifPresent(this::check);
    }

    private void check(Manifest found) {
        if (!Manifest.RUNTIMES.contains(found.runtime())) {
            findings.add(Finding.error(
                    "runtime", "runtime: " + Quoted.of(found.runtime()) + " (expected: " + Manifest.RUNTIMES + ")"));
        }
        warnIfMissing("createdOn", found.createdOn());
        warnIfMissing("archiverVersion", found.archiverVersion());
        Manifest.Model model = found.model();
        warnIfMissing("model.modelName", model.modelName());
        if (model.serializedFile().isEmpty()
                || !hasFolder(model.serializedFile().get())) {
            requireFile("model.serializedFile", model.serializedFile());
        }
        requireFile("model.modelFile", model.modelFile());
        requireFile("model.requirementsFile", model.requirementsFile());
        requireFile("model.configFile", model.configFile());
        checkHandler(model.handler(), found.runtime());
    }

    private void warnIfMissing(String key, Optional<String> value) {
        if (value.isEmpty()) {
            findings.add(Finding.warning("manifest", key + " is missing"));
        }
    }

    private void requireFile(String key, Optional<String> name) {
        if (name.isPresent() && !names.contains(name.get())) {
            findings.add(Finding.error("file", key + ": " + Quoted.of(name.get()) + " is not in the archive"));
        }
    }

    private boolean hasFolder(String name) {
        String prefix = name.endsWith("/") ? name : name + "/";
        return names.stream().anyMatch(file -> file.startsWith(prefix));
    }

    private void checkHandler(Optional<String> handler, String runtime) {
        if (handler.isEmpty()) {
            findings.add(Finding.warning("handler", "model.handler is missing: the server's default handler is used"));
        } else if (!Handlers.isBuiltIn(handler.get(), runtime)
                && !Handlers.isOurs(handler.get(), runtime)
                && !hasHandlerFile(handler.get(), runtime)
                && names.stream().noneMatch(JavaArchives::isHandlerJar)) {
            findings.add(Finding.error(
                    "handler",
                    "model.handler: " + Quoted.of(handler.get())
                            + " is neither a built-in handler nor a file of the archive"));
        }
    }

    /** The worker imports a module and then calls a function, so the colon may follow a suffix, and dots may be folders. */
    private boolean hasHandlerFile(String handler, String runtime) {
        String module = handler.split(":", 2)[0];
        if (runtime.equals(Handlers.NATIVE_RUNTIME)) {
            return LIBRARY_SUFFIXES.stream().anyMatch(suffix -> names.contains(Handlers.file(module, suffix)));
        }
        return names.contains(Handlers.file(module, ".py")) || names.contains(module.replace('.', '/') + ".py");
    }
}
