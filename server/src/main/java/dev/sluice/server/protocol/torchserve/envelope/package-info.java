/**
 * Envelopes: the JSON in which a server that is told so gets its requests and wraps its answers, whatever path or protocol they come
 * by.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.protocol.torchserve.envelope.Inference}, which codecs call.
 *
 * <p><b>Threads:</b> everything here is safe from any thread.
 *
 * <p><b>May not import:</b> a transport, {@code engine}, a codec of this protocol, or another protocol.
 */
@NullMarked
package dev.sluice.server.protocol.torchserve.envelope;

import org.jspecify.annotations.NullMarked;
