// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Optional;

/**
 * How the original's protocol reads and writes.
 *
 * @param envelope {@code body}, {@code json}, {@code kserve} or {@code kservev2}
 * @param decodesInput whether handlers get JSON and text decoded
 * @param maxResponseBytes largest answer of a handler
 * @param openInference whether its {@code /v2} endpoints are served
 */
public record WireConfig(
        Optional<String> envelope,
        boolean decodesInput,
        int maxResponseBytes,
        boolean openInference,
        SequenceHeaders sequenceHeaders) {
    /** Names of the headers by which clients speak of a sequence. */
    public record SequenceHeaders(String id, String start, String end) {
        /** The original's. */
        public static final SequenceHeaders USUAL = new SequenceHeaders(
                ConfigKey.TS_HEADER_KEY_SEQUENCE_ID.fallback(),
                ConfigKey.TS_HEADER_KEY_SEQUENCE_START.fallback(),
                ConfigKey.TS_HEADER_KEY_SEQUENCE_END.fallback());
    }

    static WireConfig of(ConfigValues values) {
        return new WireConfig(
                values.text(ConfigKey.SERVICE_ENVELOPE)
                        .map(given -> values.word(ConfigKey.SERVICE_ENVELOPE, "body", "json", "kserve", "kservev2")),
                values.flag(ConfigKey.DECODE_INPUT_REQUEST),
                values.number(ConfigKey.MAX_RESPONSE_SIZE, 1, Integer.MAX_VALUE),
                values.flag(ConfigKey.TS_OPEN_INFERENCE_PROTOCOL),
                new SequenceHeaders(
                        header(values, ConfigKey.TS_HEADER_KEY_SEQUENCE_ID),
                        header(values, ConfigKey.TS_HEADER_KEY_SEQUENCE_START),
                        header(values, ConfigKey.TS_HEADER_KEY_SEQUENCE_END)));
    }

    private static String header(ConfigValues values, ConfigKey key) {
        return values.headerName(key).orElse(key.fallback());
    }
}
