// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Ids for requests: random UUIDs (version 4). Unique, not secret, so the cheap generator will do. */
public final class RequestIds {
    private RequestIds() {}

    public static String next() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long high = (random.nextLong() & ~0xF000L) | 0x4000L;
        long low = (random.nextLong() & ~(0xC0L << 56)) | (0x80L << 56);
        return new UUID(high, low).toString();
    }
}
