// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.io.IOException;

/** Why a download was given up, in words that may be told to whoever asked for it. */
final class RefusedDownload extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedDownload(String reason) {
        super(reason);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
