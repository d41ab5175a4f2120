// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where a process of this machine listens, as Linux tells. */
final class ListeningSockets {
    private static final String SOCKET = "socket:[";
    private static final String LISTENING = "0A";
    private static final Pattern BLANKS = Pattern.compile(" +");
    private static final int ADDRESS = 1;
    private static final int STATE = 3;
    private static final int INODE = 9;
    private static final int WORD = 4;

    private ListeningSockets() {}

    static List<InetAddress> of(long pid) throws IOException {
        Path process = Path.of("/proc", String.valueOf(pid));
        Set<String> inodes = inodes(process.resolve("fd"));
        List<InetAddress> addresses = new ArrayList<>();
        for (String table : List.of("tcp", "tcp6")) {
            for (String line : Files.readAllLines(process.resolve("net").resolve(table))) {
                String[] fields = BLANKS.split(line.strip(), -1);
                if (fields[STATE].equals(LISTENING) && inodes.contains(fields[INODE])) {
                    addresses.add(address(fields[ADDRESS]));
                }
            }
        }
        return addresses;
    }

    private static Set<String> inodes(Path descriptors) throws IOException {
        Set<String> inodes = new TreeSet<>();
        try (Stream<Path> all = Files.list(descriptors)) {
            for (Path descriptor : all.toList()) {
                target(descriptor)
                        .filter(target -> target.startsWith(SOCKET))
                        .map(target -> target.substring(SOCKET.length(), target.length() - 1))
                        .ifPresent(inodes::add);
            }
        }
        return inodes;
    }

    /** Empty if it was closed since it was listed. */
    private static Optional<String> target(Path descriptor) throws IOException {
        try {
            return Optional.of(Files.readSymbolicLink(descriptor).toString());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Words of four bytes, each in the byte order of the machine. */
    private static InetAddress address(String hex) throws UnknownHostException {
        byte[] bytes = HexFormat.of().parseHex(hex.substring(0, hex.indexOf(':')));
        byte[] ordered = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            ordered[i] = bytes[i / WORD * WORD + (WORD - 1 - i % WORD)];
        }
        return InetAddress.getByAddress(ordered);
    }
}
