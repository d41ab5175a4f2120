// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

/** No server answers at an address. */
final class UnreachableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String address;

    UnreachableException(String address, Throwable cause) {
        super("no server answers at " + address, cause);
        this.address = address;
    }

    String explanation() {
        return "no server answers at " + address
                + ". Start one with 'sluice serve', or name its address with --address.";
    }
}
