// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.util.Optional;

/**
 * What a worker is told to load.
 *
 * <p><b>Source:</b> spec torchserve, 7.3.
 *
 * @param name of the model, as it was registered
 * @param path of its files
 * @param handler as the archive names it
 * @param card -1 for the processors
 * @param envelope around the handler, if there is one
 * @param limitsImagePixels whether very large images are refused
 */
record LoadMessage(
        String name,
        String path,
        int batchSize,
        String handler,
        int card,
        Optional<String> envelope,
        boolean limitsImagePixels) {
    private static final int COMMAND = 'L';

    void write(FrameWriter to) {
        to.begin();
        to.putByte(COMMAND);
        to.putText(name);
        to.putText(path);
        to.putInt(batchSize);
        to.putText(handler);
        to.putInt(card);
        to.putText(envelope.orElse(""));
        to.putByte(limitsImagePixels ? 1 : 0);
    }
}
