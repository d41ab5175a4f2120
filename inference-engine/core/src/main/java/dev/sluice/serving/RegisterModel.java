// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.model.InstanceSpec;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A wish to register a model. What is empty comes from the model's own configuration, then from the server's defaults.
 *
 * @param location file or directory name in the model store, or a URL
 * @param name overrides the manifest's
 * @param handler overrides the manifest's
 * @param initialInstances instances to start at once
 * @param keepIfFailed whether a version whose instances do not start stays registered, where operators can see why, or is
 *     removed again
 * @param atStartup whether this is one of the models the server starts with, for which the model's own number of instances
 *     counts more than the server's default
 * @param signedForS3 whether to prove to S3 who asks, if the location is one there
 * @param restored what is known of it from an earlier process, if it was registered there
 */
public record RegisterModel(
        String location,
        Optional<String> name,
        Optional<String> handler,
        OptionalInt batchSize,
        Optional<Duration> maxBatchDelay,
        OptionalInt initialInstances,
        Optional<Duration> responseTimeout,
        Optional<Duration> startupTimeout,
        boolean keepIfFailed,
        boolean atStartup,
        boolean signedForS3,
        Optional<Restored> restored) {
    /**
     * What an earlier process knew of a model.
     *
     * @param source where its files are now: the location itself, or what was downloaded from there
     * @param version it must have
     * @param instances that it had, whatever the model and the server say
     */
    public record Restored(String source, String version, InstanceSpec instances) {}

    /** A wish that is new. */
    public RegisterModel(
            String location,
            Optional<String> name,
            Optional<String> handler,
            OptionalInt batchSize,
            Optional<Duration> maxBatchDelay,
            OptionalInt initialInstances,
            Optional<Duration> responseTimeout,
            Optional<Duration> startupTimeout,
            boolean keepIfFailed,
            boolean atStartup,
            boolean signedForS3) {
        this(
                location,
                name,
                handler,
                batchSize,
                maxBatchDelay,
                initialInstances,
                responseTimeout,
                startupTimeout,
                keepIfFailed,
                atStartup,
                signedForS3,
                Optional.empty());
    }

    /** A new one whose location, if it is a URL, needs no proof. */
    public RegisterModel(
            String location,
            Optional<String> name,
            Optional<String> handler,
            OptionalInt batchSize,
            Optional<Duration> maxBatchDelay,
            OptionalInt initialInstances,
            Optional<Duration> responseTimeout,
            Optional<Duration> startupTimeout,
            boolean keepIfFailed,
            boolean atStartup) {
        this(
                location,
                name,
                handler,
                batchSize,
                maxBatchDelay,
                initialInstances,
                responseTimeout,
                startupTimeout,
                keepIfFailed,
                atStartup,
                false);
    }

    /** Only a location; all else from the model and the server. */
    public static RegisterModel atStartup(String location, Optional<String> name) {
        return new RegisterModel(
                location,
                name,
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                true,
                true);
    }

    /** Where the files are. */
    public String source() {
        return restored.map(Restored::source).orElse(location);
    }
}
