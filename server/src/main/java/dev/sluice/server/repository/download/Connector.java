// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.time.Duration;

/** Connects to an address that has been checked, and to no other. */
@FunctionalInterface
interface Connector {
    Socket connect(InetAddress address, int port, Duration timeout) throws IOException;

    /** Over TCP, directly: a proxy would look the host up once more. */
    static Connector direct() {
        return (address, port, timeout) -> {
            Socket socket = new Socket(Proxy.NO_PROXY);
            try {
                socket.connect(new InetSocketAddress(address, port), (int) timeout.toMillis());
                return socket;
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        };
    }
}
