// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which addresses a download may be asked from: those of the public internet. An IPv6 address that stands for an IPv4 address
 * is as good as that one. Services that hand out a machine's credentials are never asked, whatever is allowed otherwise.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p>Source: the registries of RFC 6890 and their updates; RFC 6052, 3056, 4380 and 5214 for addresses within addresses.
 */
final class AddressRules {
    private static final List<Block> METADATA = blocks("169.254.169.254/32", "169.254.170.2/32", "fd00:ec2::254/128");

    private static final List<Block> NOT_PUBLIC = blocks(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/127",
            "64:ff9b:1::/48",
            "100::/64",
            "2001:db8::/32",
            "3fff::/20",
            "5f00::/16",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8");

    /** Prefixes whose addresses hold an IPv4 address, and the byte where it begins. */
    private static final List<Embedding> EMBEDDINGS = List.of(
            new Embedding(Block.of("::/96"), 12),
            new Embedding(Block.of("::ffff:0:0:0/96"), 12),
            new Embedding(Block.of("64:ff9b::/96"), 12),
            new Embedding(Block.of("2002::/16"), 2));

    private static final Block TEREDO = Block.of("2001::/32");
    private static final int TEREDO_AT = 12;

    /** The bytes of an interface made by ISATAP, before its IPv4 address; the bit for its scope aside. */
    private static final byte[] ISATAP = {0, 0, 0x5e, (byte) 0xfe};

    private final boolean privateAllowed;

    AddressRules(boolean privateAllowed) {
        this.privateAllowed = privateAllowed;
    }

    boolean allows(InetAddress address) {
        byte[] bytes = address.getAddress();
        return allows(bytes) && embedded(bytes).allMatch(this::allows);
    }

    private boolean allows(byte[] address) {
        return !isIn(METADATA, address) && (privateAllowed || !isIn(NOT_PUBLIC, address));
    }

    private static boolean isIn(List<Block> blocks, byte[] address) {
        return blocks.stream().anyMatch(block -> block.holds(address));
    }

    private static Stream<byte[]> embedded(byte[] address) {
        if (address.length != 16) {
            return Stream.empty();
        }
        Stream<byte[]> plain = EMBEDDINGS.stream()
                .filter(embedding -> embedding.prefix().holds(address))
                .map(embedding -> Arrays.copyOfRange(address, embedding.at(), embedding.at() + 4));
        return Stream.concat(plain, Stream.concat(teredo(address).stream(), isatap(address).stream()));
    }

    /** The client's address, of which every bit is turned round. */
    private static Optional<byte[]> teredo(byte[] address) {
        if (!TEREDO.holds(address)) {
            return Optional.empty();
        }
        byte[] turned = new byte[4];
        for (int i = 0; i < turned.length; i++) {
            turned[i] = (byte) ~address[TEREDO_AT + i];
        }
        return Optional.of(turned);
    }

    private static Optional<byte[]> isatap(byte[] address) {
        byte[] marker = Arrays.copyOfRange(address, 8, 12);
        marker[0] &= ~2;
        return Arrays.equals(marker, ISATAP) ? Optional.of(Arrays.copyOfRange(address, 12, 16)) : Optional.empty();
    }

    private static List<Block> blocks(String... texts) {
        return Stream.of(texts).map(Block::of).toList();
    }

    private record Embedding(Block prefix, int at) {}

    /** Addresses that begin alike. */
    private static final class Block {
        private final byte[] address;
        private final int bits;

        private Block(byte[] address, int bits) {
            this.address = address;
            this.bits = bits;
        }

        static Block of(String text) {
            int slash = text.indexOf('/');
            try {
                // A literal; nobody is asked.
                InetAddress address = InetAddress.getByName(text.substring(0, slash));
                boolean matching =
                        text.indexOf(':') >= 0 ? address instanceof Inet6Address : address instanceof Inet4Address;
                if (!matching) {
                    throw new IllegalArgumentException(text);
                }
                return new Block(address.getAddress(), Integer.parseInt(text.substring(slash + 1)));
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(text, e);
            }
        }

        boolean holds(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit += Byte.SIZE) {
                int mask = bits - bit >= Byte.SIZE ? 0xFF : (0xFF << (Byte.SIZE - (bits - bit))) & 0xFF;
                int at = bit / Byte.SIZE;
                if (((address[at] ^ other[at]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
