// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;

/** What a worker sent is no reply; the message names what was wrong with it, for the log. The connection is of no use any more. */
final class WireException extends IOException {
    private static final long serialVersionUID = 1L;

    WireException(String message) {
        super(message);
    }
}
