// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

/**
 * Where the answer of one request goes: zero or more parts, then exactly one of {@link #complete} and {@link #fail}.
 *
 * <p><b>Threads:</b> safe from any thread; never blocks its caller.
 *
 * <p><b>Ownership:</b> the sink owns each response from the call on, and releases it.
 */
public interface ResponseSink {
    /** One part of a streamed answer; more will follow. */
    void part(InferenceResponse part);

    /** The whole answer, or the last part of a streamed one. */
    void complete(InferenceResponse response);

    /** There will be no answer, for this reason. */
    void fail(ServingException failure);
}
