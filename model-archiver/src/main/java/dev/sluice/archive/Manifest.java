// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The content of {@code MAR-INF/MANIFEST.json}: what an archive says of its model.
 *
 * <p>Source: torchserve.md section 6.2. Every key may be missing; unknown keys are ignored.
 *
 * @param createdOn {@code dd/MM/yyyy HH:mm:ss} by custom, free text by contract
 * @param runtime {@code python} when missing; one of {@link #RUNTIMES} to be servable
 * @param archiverVersion version of the tool that made the archive
 */
public record Manifest(
        Optional<String> createdOn,
        String runtime,
        Optional<String> description,
        Model model,
        Optional<String> archiverVersion,
        Optional<String> modelServerVersion,
        Optional<String> implementationVersion,
        Optional<String> specificationVersion) {

    /** Where the manifest is, below the model's root. */
    public static final String LOCATION = "MAR-INF/MANIFEST.json";

    /** The runtime of a manifest that names none. */
    public static final String DEFAULT_RUNTIME = "python";

    /** The runtimes a server accepts, in exactly this spelling. */
    public static final List<String> RUNTIMES = List.of("python", "python3", "LSP");

    private static final DateTimeFormatter CREATED_ON =
            DateTimeFormatter.ofPattern("dd/MM/uuuu HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    /**
     * What the manifest says of the model itself.
     *
     * @param handler {@code file.py}, {@code file}, {@code file:function} or the name of a built-in handler
     * @param modelVersion free text; {@link #version()} has the default
     * @param extensions legacy free-form settings: maps, lists, strings, numbers, booleans
     */
    public record Model(
            Optional<String> modelName,
            Optional<String> serializedFile,
            Optional<String> handler,
            Optional<String> modelFile,
            Optional<String> modelVersion,
            Map<String, Object> extensions,
            Optional<String> requirementsFile,
            Optional<String> configFile,
            Optional<String> envelope,
            Optional<String> sourceVocab) {

        /** The version of a model whose manifest names none. */
        public static final String DEFAULT_VERSION = "1.0";

        public Model {
            // Not Map.copyOf: JSON values may be null, and the order is the file's.
            extensions = Collections.unmodifiableMap(new LinkedHashMap<>(extensions));
        }

        /** A model of which nothing is said. */
        public static Model empty() {
            Optional<String> none = Optional.empty();
            return new Model(none, none, none, none, none, Map.of(), none, none, none, none);
        }

        /** The version, or the default when none is named. */
        public String version() {
            return modelVersion.orElse(DEFAULT_VERSION);
        }
    }

    /** The manifest of an archive that has none, which is legal. */
    public static Manifest empty() {
        Optional<String> none = Optional.empty();
        return new Manifest(none, DEFAULT_RUNTIME, none, Model.empty(), none, none, none, none);
    }

    /** The manifest of a new archive. */
    public static Manifest of(Instant createdOn, String runtime, Model model) {
        Optional<String> none = Optional.empty();
        return new Manifest(
                Optional.of(CREATED_ON.format(createdOn)),
                runtime,
                none,
                model,
                Optional.of(ArchiverVersion.current()),
                none,
                none,
                none);
    }
}
