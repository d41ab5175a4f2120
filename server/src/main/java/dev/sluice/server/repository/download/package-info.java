// SPDX-License-Identifier: Apache-2.0
/**
 * Fetching models from elsewhere into the model store: what may be fetched at all, from which addresses, how much of it and how
 * long. Whoever names a URL makes this server send a request, so every step is refused that is not allowed.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.repository.download.ModelDownloads}; {@code AllowedUrls} and
 * {@code AddressRules} say no, {@code HttpFetch} asks those that are left, {@code S3Signature} signs.
 *
 * <p><b>Threads:</b> blocks, and is called on the load pool, for several models at a time.
 *
 * <p><b>May not import:</b> protocols or transports. Who registers a model is unknown here.
 */
@NullMarked
package dev.sluice.server.repository.download;

import org.jspecify.annotations.NullMarked;
