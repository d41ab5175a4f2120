// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The URLs the operator allows. What is matched is the whole URL as it will be asked, and nothing is asked before it matched.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Errors:</b> {@code SOURCE_NOT_FOUND} with the original's wording.
 *
 * <p>Source: torchserve.md sections 2.2 and 12.2, CVE-2023-43654 and CVE-2024-35198.
 */
final class AllowedUrls {
    private static final Set<String> SCHEMES = Set.of("http", "https", "file");

    /** No operator has these in mind; an expression they match says next to nothing. */
    private static final List<String> ANYWHERE =
            List.of("https://anywhere.invalid/model.mar", "http://anywhere.invalid/model.mar", "file:///any/model.mar");

    /** Layers of percent-encoding that are looked under. */
    private static final int MOST_LAYERS = 8;

    private final List<Pattern> allowed;

    AllowedUrls(List<Pattern> allowed) {
        this.allowed = List.copyOf(allowed);
    }

    /** The expressions that allow nearly everything. */
    List<String> wide() {
        return allowed.stream()
                .filter(pattern ->
                        ANYWHERE.stream().anyMatch(url -> pattern.matcher(url).matches()))
                .map(Pattern::pattern)
                .toList();
    }

    /** Whether {@code location} has a relative part, in plain sight or percent-encoded. */
    static boolean isRelative(String location) {
        String text = location;
        for (int layer = 0; layer < MOST_LAYERS; layer++) {
            if (text.contains("..")) {
                return true;
            }
            String decoded = decoded(text);
            if (decoded.equals(text)) {
                return false;
            }
            text = decoded;
        }
        // Nobody encodes an honest name that often.
        return true;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }

    /**
     * {@code url} without its fragment, if it is allowed.
     *
     * @throws ServingException {@code SOURCE_NOT_FOUND} if not
     */
    URI check(String url) {
        if (isRelative(url)) {
            throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "Relative path is not allowed in url: " + url);
        }
        return find(url)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.SOURCE_NOT_FOUND, "Given URL " + url + " does not match any allowed URL(s)"));
    }

    /** As {@link #check}; empty if it is not allowed. */
    Optional<URI> find(String url) {
        int hash = url.indexOf('#');
        String bare = hash < 0 ? url : url.substring(0, hash);
        try {
            URI uri = new URI(bare);
            boolean fits = bare.chars().allMatch(c -> c > ' ' && c < 0x7F)
                    && isUsable(uri)
                    && !isRelative(bare)
                    && allowed.stream()
                            .anyMatch(pattern -> pattern.matcher(bare).matches());
            return fits ? Optional.of(uri) : Optional.empty();
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    /** A user before the host makes a URL look like one of another host. */
    private static boolean isUsable(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!SCHEMES.contains(scheme) || uri.isOpaque() || uri.getRawUserInfo() != null) {
            return false;
        }
        return scheme.equals("file")
                ? uri.getRawAuthority() == null && uri.getRawQuery() == null
                : uri.getHost() != null && uri.getPort() <= 65_535 && uri.getPort() != 0;
    }
}
