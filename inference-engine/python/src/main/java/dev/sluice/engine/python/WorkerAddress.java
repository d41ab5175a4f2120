// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a worker listens: a Unix socket or a port for each of its processes, numbered one after the other.
 *
 * <p><b>Source:</b> spec torchserve, 7.1.
 */
sealed interface WorkerAddress {
    /** The worker's, as its name has it. */
    int number();

    /** How many listen. */
    int processes();

    /** What its command line says of it. */
    List<String> arguments();

    SocketAddress of(int process);

    /** Removes what is left of it. */
    void clean();

    /**
     * Sockets with names.
     *
     * @param folder of the sockets
     */
    record Unix(int number, int processes, Path folder) implements WorkerAddress {
        private static final Logger LOG = LoggerFactory.getLogger(WorkerAddress.class);

        /** As the original has it: the last part of the name is a number, to which a process adds its rank. */
        static final String PREFIX = ".ts.sock.";

        private Path socket(int process) {
            return folder.resolve(PREFIX + (number + process));
        }

        @Override
        public List<String> arguments() {
            return List.of("--sock-type", "unix", "--sock-name", socket(0).toString());
        }

        @Override
        public SocketAddress of(int process) {
            return UnixDomainSocketAddress.of(socket(process));
        }

        @Override
        public void clean() {
            for (int i = 0; i < processes; i++) {
                try {
                    Files.deleteIfExists(socket(i));
                } catch (IOException e) {
                    LOG.warn("A worker's socket could not be removed", e);
                }
            }
        }
    }

    /** Ports from {@code number} on, on the loopback address. */
    record Tcp(int number, int processes) implements WorkerAddress {
        @Override
        public List<String> arguments() {
            return List.of("--sock-type", "tcp", "--port", Integer.toString(number));
        }

        @Override
        public SocketAddress of(int process) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), number + process);
        }

        @Override
        public void clean() {
            // A port is nobody's once nobody listens.
        }
    }
}
