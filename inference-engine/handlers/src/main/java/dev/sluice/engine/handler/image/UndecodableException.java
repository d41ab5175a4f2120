// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.io.IOException;

/** The bytes are not an image that can be decoded; says why in words a client may see. Never leaves this package. */
final class UndecodableException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    UndecodableException(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
