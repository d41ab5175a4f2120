// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.util.Map;
import java.util.Optional;

/**
 * Who asks S3.
 *
 * @param sessionToken goes with temporary keys
 */
public record S3Credentials(String accessKey, String secretKey, String region, Optional<String> sessionToken) {
    /** As the original finds them: {@code AWS_ACCESS_KEY_ID}, {@code AWS_SECRET_ACCESS_KEY}, {@code AWS_DEFAULT_REGION}. */
    public static Optional<S3Credentials> of(Map<String, String> environment) {
        String access = environment.getOrDefault("AWS_ACCESS_KEY_ID", "");
        String secret = environment.getOrDefault("AWS_SECRET_ACCESS_KEY", "");
        String region = environment.getOrDefault("AWS_DEFAULT_REGION", environment.getOrDefault("AWS_REGION", ""));
        if (access.isEmpty() || secret.isEmpty() || region.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new S3Credentials(
                access,
                secret,
                region,
                Optional.ofNullable(environment.get("AWS_SESSION_TOKEN")).filter(token -> !token.isEmpty())));
    }

    @Override
    public String toString() {
        return "S3Credentials[" + region + "]";
    }
}
