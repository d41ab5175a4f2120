// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The headers that prove to S3 who asks for an object.
 *
 * <p>Source: AWS Signature Version 4, "Authorization Header"; torchserve.md section 2.2, {@code s3_sse_kms}.
 */
final class S3Signature {
    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final Pattern S3_HOST =
            Pattern.compile("(?:[a-z0-9.-]+\\.)?s3(?:[.-][a-z0-9.-]+)?\\.amazonaws\\.com(?:\\.cn)?");
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** SHA-256 of nothing, which is what a GET sends. */
    private static final String NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private S3Signature() {}

    /** Whether {@code url} is one of S3, over TLS. */
    static boolean isS3(URI url) {
        return "https".equalsIgnoreCase(url.getScheme())
                && url.getHost() != null
                && S3_HOST.matcher(url.getHost().toLowerCase(Locale.ROOT)).matches();
    }

    /** What a GET of {@code url} at {@code now} carries. */
    static Map<String, String> headers(URI url, S3Credentials credentials, Instant now) {
        SortedMap<String, String> signed = new TreeMap<>();
        signed.put("host", HttpFetch.authority(url));
        signed.put("x-amz-content-sha256", NOTHING);
        signed.put("x-amz-date", TIME.format(now));
        credentials.sessionToken().ifPresent(token -> signed.put("x-amz-security-token", token));
        return sign(url, signed, credentials);
    }

    /** {@code headers}, which have to hold date and digest, and their signature. */
    static Map<String, String> sign(URI url, SortedMap<String, String> headers, S3Credentials credentials) {
        String time = headers.getOrDefault("x-amz-date", "");
        String day = time.substring(0, 8);
        String scope = day + "/" + credentials.region() + "/s3/aws4_request";
        String names = String.join(";", headers.keySet());
        String request = String.join(
                "\n",
                "GET",
                path(url),
                query(url),
                headers.entrySet().stream()
                        .map(header -> header.getKey() + ":" + header.getValue() + "\n")
                        .collect(Collectors.joining()),
                names,
                headers.getOrDefault("x-amz-content-sha256", ""));
        String toSign = String.join("\n", ALGORITHM, time, scope, hex(sha256(request)));
        byte[] key = hmac(
                hmac(hmac(hmac(bytes("AWS4" + credentials.secretKey()), day), credentials.region()), "s3"),
                "aws4_request");
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.remove("host");
        all.put(
                "Authorization",
                ALGORITHM + " Credential=" + credentials.accessKey() + "/" + scope + ",SignedHeaders=" + names
                        + ",Signature=" + hex(hmac(key, toSign)));
        return all;
    }

    private static String path(URI url) {
        return url.getRawPath().isEmpty()
                ? "/"
                : Stream.of(url.getRawPath().split("/", -1))
                        .map(S3Signature::canonical)
                        .collect(Collectors.joining("/"));
    }

    private static String query(URI url) {
        if (url.getRawQuery() == null || url.getRawQuery().isEmpty()) {
            return "";
        }
        return Stream.of(url.getRawQuery().split("&", -1))
                .map(pair -> {
                    int equals = pair.indexOf('=');
                    return equals < 0
                            ? canonical(pair) + "="
                            : canonical(pair.substring(0, equals)) + "=" + canonical(pair.substring(equals + 1));
                })
                .sorted()
                .collect(Collectors.joining("&"));
    }

    /** Every character encoded that is not unreserved, once. */
    private static String canonical(String encoded) {
        String plain = URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
        return URLEncoder.encode(plain, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
