// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what is at a URL into the model store, under the last part of its path. The file has its name when it is whole, and
 * never takes that of another: of two who fetch one URL at once, one gets it.
 *
 * <p><b>Threads:</b> safe from any thread; blocks.
 *
 * <p><b>Errors:</b> {@code SOURCE_NOT_FOUND} for what is not allowed, {@code DOWNLOAD_FAILED}, and {@code INTERNAL} for a file
 * that is there already, in the original's words. Why a connection failed is told in the log alone: over the network it would
 * tell what this machine can reach.
 *
 * <p>Source: torchserve.md section 2.2.
 */
public final class ModelDownloads {
    private static final Logger LOG = LoggerFactory.getLogger(ModelDownloads.class);
    private static final int MOST_REDIRECTS = 5;
    private static final String PART = ".sluice-download-";
    private static final Pattern DIGEST = Pattern.compile("sha256=([0-9a-fA-F]{64})");

    /** No file that is hidden, and none with a character that is none. */
    private static final Pattern NAME = Pattern.compile("[^.\\p{Cntrl}/\\\\:][^\\p{Cntrl}/\\\\:]{0,199}");

    private final AllowedUrls allowed;
    private final HttpFetch http;
    private final Limits limits;
    private final Optional<S3Credentials> s3;
    private final InstantSource clock;

    ModelDownloads(
            AllowedUrls allowed, HttpFetch http, Limits limits, Optional<S3Credentials> s3, InstantSource clock) {
        this.allowed = allowed;
        this.http = http;
        this.limits = limits;
        this.s3 = s3;
        this.clock = clock;
    }

    /**
     * What {@code config} allows, over the network of this machine.
     *
     * @param s3 who asks S3 for those who want their downloads signed
     */
    public static ModelDownloads of(DownloadsConfig config, Optional<S3Credentials> s3) {
        AllowedUrls allowed = new AllowedUrls(config.allowed());
        allowed.wide()
                .forEach(pattern -> LOG.warn(
                        "allowed_urls: {} allows models from nearly anywhere, and models are code: whoever may register"
                                + " one can run what they like on this machine",
                        pattern));
        HttpFetch http = new HttpFetch(
                allowed,
                new AddressRules(config.privateAddresses()),
                HostResolver.system(),
                Connector.direct(),
                (SSLSocketFactory) SSLSocketFactory.getDefault(),
                Ticker.system());
        return new ModelDownloads(
                allowed,
                http,
                new Limits(config.maxBytes(), config.timeout(), MOST_REDIRECTS),
                s3,
                InstantSource.system());
    }

    /**
     * Deletes what downloads have left in {@code store} that a process died over. What was written to no longer ago than a
     * download may take can be another server's.
     */
    public void deleteAbandoned(Path store) {
        Instant oldest = clock.instant().minus(limits.timeout());
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(store, PART + "*")) {
            for (Path part : parts) {
                if (Files.getLastModifiedTime(part, LinkOption.NOFOLLOW_LINKS)
                        .toInstant()
                        .isBefore(oldest)) {
                    Files.delete(part);
                }
            }
        } catch (IOException e) {
            LOG.warn("What downloads have left in the model store cannot be deleted", e);
        }
    }

    /**
     * A file in the store.
     *
     * @param isNew whether it was not there before
     */
    public record Fetched(String name, boolean isNew) {}

    /**
     * Fetches {@code url} into {@code store}.
     *
     * @param signed whether to prove to S3 who asks
     * @param reuse whether a file of that name is what is wanted, as it is for the models a server starts with
     */
    public Fetched fetch(String url, Path store, boolean signed, boolean reuse) {
        URI checked = allowed.check(url);
        Optional<String> digest = digest(url);
        String name = fileName(checked, url);
        Path target = store.resolve(name);
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return existing(target, name, url, digest, reuse);
        }
        HttpFetch.Signer signer = signed ? signer(checked) : HttpFetch.Signer.NONE;
        Path part = store.resolve(PART + UUID.randomUUID());
        try {
            receive(checked, signer, part, digest);
            publish(part, target);
            LOG.info("Downloaded {} from {}", name, plain(checked));
            return new Fetched(name, true);
        } catch (FileAlreadyExistsException e) {
            throw alreadyThere(name);
        } catch (RefusedDownload e) {
            LOG.warn("{} was not downloaded: {}", plain(checked), e.reason());
            throw failed(url, ": " + e.reason(), e);
        } catch (IOException e) {
            LOG.warn("{} was not downloaded: {}", plain(checked), e.toString());
            throw failed(url, "", e);
        } finally {
            delete(part);
        }
    }

    private static ServingException failed(String url, String reason, IOException cause) {
        return new ServingException(
                ErrorCode.DOWNLOAD_FAILED, "Failed to download archive from: " + url + reason, cause);
    }

    private static ServingException alreadyThere(String name) {
        return new ServingException(ErrorCode.INTERNAL, "Model file already exists " + name);
    }

    private static Fetched existing(Path target, String name, String url, Optional<String> digest, boolean reuse) {
        if (!reuse || !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
            throw alreadyThere(name);
        }
        try {
            MessageDigest seen = sha256();
            try (InputStream in = Files.newInputStream(target)) {
                in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), seen));
            }
            check(seen, digest);
        } catch (RefusedDownload e) {
            throw failed(url, ": " + e.reason() + ", and " + name + " is in the model store already", e);
        } catch (IOException e) {
            throw failed(url, "", e);
        }
        LOG.info("{} is in the model store already and is not downloaded again", name);
        return new Fetched(name, false);
    }

    private void receive(URI url, HttpFetch.Signer signer, Path part, Optional<String> digest) throws IOException {
        MessageDigest seen = sha256();
        try (OutputStream file =
                new DigestOutputStream(Files.newOutputStream(part, StandardOpenOption.CREATE_NEW), seen)) {
            if ("file".equalsIgnoreCase(url.getScheme())) {
                copy(url, new Bounded(file, limits.maxBytes()));
            } else {
                http.fetch(url, signer, limits, file);
            }
        }
        check(seen, digest);
    }

    private static void copy(URI url, OutputStream to) throws IOException {
        Path source = Path.of(url);
        if (!Files.isRegularFile(source)) {
            throw new IOException("not a file");
        }
        Files.copy(source, to);
    }

    private static void check(MessageDigest seen, Optional<String> wanted) throws RefusedDownload {
        String got = HexFormat.of().formatHex(seen.digest());
        if (wanted.isPresent() && !wanted.get().equals(got)) {
            throw new RefusedDownload("its SHA-256 is " + got + " (expected: " + wanted.get() + ")");
        }
    }

    /** A link is made only where there is nothing of that name, whoever else tries at the same time. */
    private static void publish(Path part, Path target) throws IOException {
        try {
            Files.createLink(target, part);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | IOException e) {
            LOG.debug("The model store knows no hard links", e);
            Files.move(part, target);
        }
    }

    private static Optional<String> digest(String url) {
        int hash = url.indexOf('#');
        if (hash < 0) {
            return Optional.empty();
        }
        Matcher digest = DIGEST.matcher(url.substring(hash + 1));
        if (!digest.matches()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "url: " + url + " (expected: nothing after #, or #sha256= and 64 hexadecimal digits)");
        }
        return Optional.of(digest.group(1).toLowerCase(Locale.ROOT));
    }

    private static String fileName(URI url, String asWritten) {
        String path = url.getPath();
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (!NAME.matcher(name).matches()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "url: " + asWritten + " (expected: a path that ends with the name of a file)");
        }
        return name;
    }

    private HttpFetch.Signer signer(URI first) {
        if (!S3Signature.isS3(first)) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "s3_sse_kms: true for " + plain(first) + " (expected: an https URL of amazonaws.com's S3)");
        }
        S3Credentials credentials = s3.orElseThrow(() -> new ServingException(
                ErrorCode.DOWNLOAD_FAILED,
                "Failed to download archive from: " + plain(first) + ": s3_sse_kms needs AWS_ACCESS_KEY_ID,"
                        + " AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION in the server's environment"));
        return url -> S3Signature.isS3(url) ? S3Signature.headers(url, credentials, clock.instant()) : Map.of();
    }

    /** Without a query, where secrets are. */
    private static String plain(URI url) {
        return url.getScheme() + "://" + (url.getHost() == null ? "" : HttpFetch.authority(url)) + url.getRawPath();
    }

    private static void delete(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            LOG.warn("Could not delete {}", part, e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Takes so many bytes. */
    private static final class Bounded extends FilterOutputStream {
        private final long max;

        /** Written by the thread that writes. */
        private long written;

        Bounded(OutputStream out, long max) {
            super(out);
            this.max = max;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            written += count;
            if (written > max) {
                throw new RefusedDownload("larger than " + max + " bytes, the limit of download_max_size");
            }
            out.write(bytes, from, count);
        }
    }
}
