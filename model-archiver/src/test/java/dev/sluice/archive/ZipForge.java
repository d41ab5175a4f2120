// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A maker of zip files byte by byte, for those no honest library writes. */
final class ZipForge {
    /** One entry, honest until told otherwise. */
    static final class Entry {
        private byte[] centralName;
        private byte[] localName;
        private byte[] content;
        private byte[] packed;
        private int method;
        private int flags;
        private long size;
        private long crc;
        private int unixMode;
        private int offset;

        private Entry(String name, byte[] content) {
            this.centralName = name.getBytes(StandardCharsets.UTF_8);
            this.localName = centralName;
            this.content = content;
            this.packed = content;
            this.size = content.length;
            CRC32 sum = new CRC32();
            sum.update(content);
            this.crc = sum.getValue();
        }

        Entry deflated() {
            Deflater deflater = new Deflater(9, true);
            deflater.setInput(content);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            deflater.end();
            packed = out.toByteArray();
            method = 8;
            return this;
        }

        Entry localName(String name) {
            localName = name.getBytes(StandardCharsets.UTF_8);
            return this;
        }

        Entry rawName(byte[] name) {
            centralName = name;
            localName = name;
            return this;
        }

        Entry method(int value) {
            method = value;
            return this;
        }

        Entry flags(int value) {
            flags = value;
            return this;
        }

        Entry declaredSize(long value) {
            size = value;
            return this;
        }

        Entry declaredCrc(long value) {
            crc = value;
            return this;
        }

        Entry unixMode(int value) {
            unixMode = value;
            return this;
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    private int announced = -1;
    private boolean isZip64;

    Entry add(String name, String content) {
        return add(name, content.getBytes(StandardCharsets.UTF_8));
    }

    Entry add(String name, byte[] content) {
        Entry entry = new Entry(name, content);
        entries.add(entry);
        return entry;
    }

    /** Lies about the number of entries. */
    ZipForge announce(int count) {
        announced = count;
        return this;
    }

    /** Puts every number that may be there into the wide fields for archives past 4 GiB. */
    ZipForge zip64() {
        isZip64 = true;
        return this;
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Entry entry : entries) {
            entry.offset = out.size();
            out.writeBytes(local(entry));
            out.writeBytes(entry.packed);
        }
        int start = out.size();
        entries.forEach(entry -> out.writeBytes(central(entry)));
        int count = announced < 0 ? entries.size() : announced;
        if (isZip64) {
            out.writeBytes(wideEnd(count, start, out.size()));
        }
        ByteBuffer end = buffer(22);
        end.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
        end.putShort((short) (isZip64 ? 0xffff : count)).putShort((short) (isZip64 ? 0xffff : count));
        end.putInt(isZip64 ? -1 : out.size() - start)
                .putInt(isZip64 ? -1 : start)
                .putShort((short) 0);
        out.writeBytes(array(end));
        return out.toByteArray();
    }

    Path writeTo(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    private static byte[] local(Entry entry) {
        ByteBuffer header = buffer(30 + entry.localName.length);
        header.putInt(0x04034b50).putShort((short) 20).putShort((short) entry.flags);
        header.putShort((short) entry.method).putInt(0x00210000);
        header.putInt((int) entry.crc).putInt(entry.packed.length).putInt((int) entry.size);
        header.putShort((short) entry.localName.length).putShort((short) 0).put(entry.localName);
        return array(header);
    }

    private byte[] central(Entry entry) {
        byte[] extra = isZip64 ? wideSizes(entry) : new byte[0];
        ByteBuffer header = buffer(46 + entry.centralName.length + extra.length);
        header.putInt(0x02014b50).putShort((short) ((3 << 8) | 20)).putShort((short) 20);
        header.putShort((short) entry.flags).putShort((short) entry.method).putInt(0x00210000);
        header.putInt((int) entry.crc);
        header.putInt(isZip64 ? -1 : entry.packed.length).putInt(isZip64 ? -1 : (int) entry.size);
        header.putShort((short) entry.centralName.length)
                .putShort((short) extra.length)
                .putShort((short) 0);
        header.putShort((short) 0).putShort((short) 0).putInt(entry.unixMode << 16);
        header.putInt(isZip64 ? -1 : entry.offset).put(entry.centralName).put(extra);
        return array(header);
    }

    /** A field of somebody else's first, then the wide one. */
    private static byte[] wideSizes(Entry entry) {
        ByteBuffer extra = buffer(6 + 28);
        extra.putShort((short) 0x7777).putShort((short) 2).putShort((short) 0);
        extra.putShort((short) 1).putShort((short) 24);
        extra.putLong(entry.size).putLong(entry.packed.length).putLong(entry.offset);
        return array(extra);
    }

    private static byte[] wideEnd(int count, int start, int at) {
        ByteBuffer end = buffer(56 + 20);
        end.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
        end.putInt(0)
                .putInt(0)
                .putLong(count)
                .putLong(count)
                .putLong(at - start)
                .putLong(start);
        end.putInt(0x07064b50).putInt(0).putLong(at).putInt(1);
        return array(end);
    }

    private static byte[] array(ByteBuffer full) {
        byte[] bytes = new byte[full.capacity()];
        full.get(0, bytes);
        return bytes;
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
