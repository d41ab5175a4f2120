// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Finds the addresses of a host; asked once for each connection. */
@FunctionalInterface
interface HostResolver {
    /** All of them, in the order they are to be tried; at least one. */
    List<InetAddress> resolve(String host) throws UnknownHostException;

    /** The system's. */
    static HostResolver system() {
        return host -> List.of(InetAddress.getAllByName(host));
    }
}
